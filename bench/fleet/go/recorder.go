package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// recorder evaluates recording rules over what has been written, with Prometheus' own engine.
type recorder struct {
	spec   *Spec
	db     *tsdb.DB
	engine *promql.Engine
	// By rule: the series that had a value at the last step.
	present []map[uint64]storedSeries
	// All that there ever were, and how many there were after the first slice.
	seen  map[uint64]bool
	first int
}

func newRecorder(spec *Spec, db *tsdb.DB) *recorder {
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:           1e9,
		Timeout:              time.Hour,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
	})
	r := &recorder{spec: spec, db: db, engine: engine, seen: map[uint64]bool{}}
	for range spec.Rules {
		r.present = append(r.present, map[uint64]storedSeries{})
	}
	return r
}

// later is how many series were not there in the first slice.
func (r *recorder) later() int { return len(r.seen) - r.first }

func (r *recorder) record(from, to int64) error {
	for index, rule := range r.spec.Rules {
		if err := r.recordRule(index, rule, from, to); err != nil {
			return fmt.Errorf("%s: %w", rule.Record, err)
		}
	}
	if r.first == 0 {
		r.first = len(r.seen)
	}
	return nil
}

func (r *recorder) recordRule(index int, rule Rule, from, to int64) error {
	ctx := context.Background()
	step := time.Duration(r.spec.IntervalSeconds) * time.Second
	query, err := r.engine.NewRangeQuery(ctx, r.db, nil, rule.Expr, time.Unix(from, 0), time.Unix(to, 0), step)
	if err != nil {
		return err
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return err
	}
	appender := r.db.Appender(ctx)
	before, now := r.present[index], map[uint64]storedSeries{}
	for _, result := range matrix {
		named := labelled(result.Metric, rule)
		hash := named.Hash()
		r.seen[hash] = true
		one := storedSeries{series{labels: named}, before[hash].ref}
		_, wasPresent := before[hash]
		delete(before, hash)
		if wasPresent && result.Floats[0].T > from*1000 {
			if err := end(appender, &one, from*1000); err != nil {
				return err
			}
		}
		if err := appendAll(appender, &one, result.Floats, step.Milliseconds(), to*1000); err != nil {
			return err
		}
		if result.Floats[len(result.Floats)-1].T == to*1000 {
			now[hash] = one
		}
	}
	for _, one := range before {
		if err := end(appender, &one, from*1000); err != nil {
			return err
		}
	}
	r.present[index] = now
	return appender.Commit()
}

// appendAll also ends the series wherever it has no value, as a rule's evaluation does.
func appendAll(appender storage.Appender, one *storedSeries, points []promql.FPoint, step, last int64) error {
	for index, point := range points {
		ref, err := appender.Append(one.ref, one.labels, point.T, point.F)
		if err != nil {
			return err
		}
		one.ref = ref
		next := point.T + step
		if next <= last && (index+1 == len(points) || points[index+1].T > next) {
			if err := end(appender, one, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func end(appender storage.Appender, one *storedSeries, milliseconds int64) error {
	_, err := appender.Append(one.ref, one.labels, milliseconds, math.Float64frombits(value.StaleNaN))
	return err
}

func labelled(result labels.Labels, rule Rule) labels.Labels {
	builder := labels.NewBuilder(result)
	builder.Set(labels.MetricName, rule.Record)
	for name, value := range rule.Labels {
		builder.Set(name, value)
	}
	return builder.Labels()
}
