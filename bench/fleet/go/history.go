package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// How much is written before rules look at it; the head takes no samples that are an hour older than its newest.
const slice = 30 * time.Minute

// History is what was written.
type History struct {
	Begin   int64 `json:"begin"`
	End     int64 `json:"end"`
	Samples int64 `json:"samples"`
	Series  int   `json:"series"`
	// RecordedADay is how many recorded series are new in a day, by what was new after the first slice.
	RecordedADay float64 `json:"recordedADay"`
	Seconds      float64 `json:"seconds"`
	RuleSeconds  float64 `json:"ruleSeconds"`
}

// target is a node as the store sees it.
type target struct {
	node      *node
	placement int64
	stored    []storedSeries
}

type storedSeries struct {
	series
	ref storage.SeriesRef
}

// writer appends what scrapes would have brought.
type writer struct {
	spec     *Spec
	db       *tsdb.DB
	steps    []*relabel.Config
	onTarget []*relabel.Config
	wanted   func(string) bool
	targets  []*target
}

func openStore(folder string) (*tsdb.DB, error) {
	options := tsdb.DefaultOptions()
	options.RetentionDuration = 0
	options.WALCompression = compression.Snappy
	// As a Prometheus beside a Thanos sidecar has it: larger blocks are made elsewhere.
	options.MaxBlockDuration = options.MinBlockDuration
	db, err := tsdb.Open(folder, slog.New(slog.DiscardHandler), nil, options, tsdb.NewDBStats())
	if err == nil {
		db.DisableCompactions()
	}
	return db, err
}

func newWriter(spec *Spec, db *tsdb.DB) (*writer, error) {
	w := &writer{spec: spec, db: db, wanted: spec.wanted()}
	var err error
	if w.steps, err = steps(spec.Exporter.MetricRelabelings); err != nil {
		return nil, err
	}
	if w.onTarget, err = steps(spec.Exporter.Relabelings); err != nil {
		return nil, err
	}
	for _, n := range newFleet(spec) {
		w.targets = append(w.targets, &target{node: n, placement: math.MinInt64})
	}
	return w, nil
}

// seriesAt are the series of a node as they are stored while it is at a placement.
func (w *writer) seriesAt(n *node, placement int64) []series {
	exporter := &w.spec.Exporter
	labelsOfTarget := targetLabels(exporter.Job, exporterLabels(n), w.onTarget)
	var result []series
	for _, one := range exported(exporter, n, placement, w.wanted) {
		if kept, ok := stored(one.labels, labelsOfTarget, exporter.HonorLabels, w.steps); ok {
			one.labels = kept
			result = append(result, one)
		}
	}
	for _, one := range aboutScrape(len(result), 4000, w.wanted) {
		one.labels, _ = stored(one.labels, labelsOfTarget, true, nil)
		result = append(result, one)
	}
	if w.spec.Objects {
		result = append(result, objectsOf(n, placement, w.wanted)...)
	}
	return result
}

// move gives a target the series of its new placement; it returns those that are no more.
func (w *writer) move(t *target, placement int64) []storedSeries {
	before := map[uint64]storedSeries{}
	for _, one := range t.stored {
		before[one.labels.Hash()] = one
	}
	t.placement = placement
	t.stored = t.stored[:0:0]
	for _, one := range w.seriesAt(t.node, placement) {
		hash := one.labels.Hash()
		t.stored = append(t.stored, storedSeries{one, before[hash].ref})
		delete(before, hash)
	}
	gone := make([]storedSeries, 0, len(before))
	for _, one := range before {
		gone = append(gone, one)
	}
	return gone
}

// write appends one scrape of some targets.
func (w *writer) write(targets []*target, seconds int64) (samples int64, err error) {
	appender := w.db.Appender(context.Background())
	loads := make([]float64, w.spec.GPUsPerNode)
	for _, t := range targets {
		if placement := t.node.placement(seconds); placement != t.placement {
			for _, one := range w.move(t, placement) {
				if _, err := appender.Append(one.ref, one.labels, seconds*1000, math.Float64frombits(value.StaleNaN)); err != nil {
					return samples, err
				}
			}
		}
		for g := range loads {
			loads[g] = t.node.gpus[g].load(float64(seconds))
		}
		for i := range t.stored {
			one := &t.stored[i]
			ref, err := appender.Append(one.ref, one.labels, seconds*1000, one.value(float64(seconds), loads))
			if err != nil {
				return samples, errors.Join(err, appender.Rollback())
			}
			one.ref = ref
			samples++
		}
	}
	return samples, appender.Commit()
}

// writeAll divides the targets among the processors.
func (w *writer) writeAll(seconds int64) (int64, error) {
	workers := runtime.GOMAXPROCS(0)
	samples := make([]int64, workers)
	errs := make([]error, workers)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			from, to := worker*len(w.targets)/workers, (worker+1)*len(w.targets)/workers
			samples[worker], errs[worker] = w.write(w.targets[from:to], seconds)
		})
	}
	group.Wait()
	var sum int64
	for _, count := range samples {
		sum += count
	}
	return sum, errors.Join(errs...)
}

// writeHistory writes from `begin` until `end`, or until the clock has been caught up with, and records the rules on the way.
func writeHistory(spec *Spec, folder string, begin, end int64) (*History, error) {
	db, err := openStore(folder)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(spec, db)
	if err != nil {
		return nil, err
	}
	recorder := newRecorder(spec, db)
	started := time.Now()
	history := &History{Begin: begin}
	until := func() int64 {
		if end > 0 {
			return end
		}
		return time.Now().Unix() / spec.IntervalSeconds * spec.IntervalSeconds
	}
	for from := begin; from < until(); from = history.End {
		to := min(from+int64(slice/time.Second), until())
		for at := from; at < to; at += spec.IntervalSeconds {
			samples, err := w.writeAll(at)
			if err != nil {
				return nil, err
			}
			history.Samples += samples
		}
		history.End = to
		ruleStart := time.Now()
		if err := recorder.record(from, to-spec.IntervalSeconds); err != nil {
			return nil, err
		}
		history.RuleSeconds += time.Since(ruleStart).Seconds()
		db.ForceHeadMMap()
		if end > 0 {
			if err := db.Compact(context.Background()); err != nil {
				return nil, err
			}
		}
	}
	history.Series = int(db.Head().NumSeries())
	if watched := history.End - begin - int64(slice/time.Second); watched > 0 {
		history.RecordedADay = float64(recorder.later()) * secondsPerDay / float64(watched)
	}
	history.Seconds = time.Since(started).Seconds()
	return history, nil
}

// seriesOfDay counts the series at its beginning and those that are new until its end.
func seriesOfDay(spec *Spec, begin int64) (first, later int, err error) {
	w, err := newWriter(spec, nil)
	if err != nil {
		return 0, 0, err
	}
	for _, t := range w.targets {
		seen := map[uint64]bool{}
		from, to := t.node.placement(begin), t.node.placement(begin+secondsPerDay)
		for placement := from; placement <= to; placement++ {
			for _, one := range w.seriesAt(t.node, placement) {
				if one.labels.Get("job") == spec.Exporter.Job {
					seen[labels.StableHash(one.labels)] = true
				}
			}
			if placement == from {
				first += len(seen)
				later -= len(seen)
			}
		}
		later += len(seen)
	}
	return first, later, nil
}
