package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// page is what a target exposes while it is at a placement: the text before each value.
type page struct {
	mutex     sync.Mutex
	placement int64
	series    []series
	prefixes  [][]byte
}

func (p *page) render(n *node, expose func(placement int64) []series) []byte {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	if placement := n.placement(now.Unix()); p.series == nil || placement != p.placement {
		p.placement, p.series, p.prefixes = placement, expose(placement), nil
		for _, one := range p.series {
			p.prefixes = append(p.prefixes, prefix(one.labels))
		}
	}
	seconds := float64(now.UnixMilli()) / 1000
	loads := make([]float64, len(n.gpus))
	for g := range loads {
		loads[g] = n.gpus[g].load(seconds)
	}
	var text bytes.Buffer
	for index, one := range p.series {
		text.Write(p.prefixes[index])
		text.Write(strconv.AppendFloat(text.AvailableBuffer(), one.value(seconds, loads), 'f', -1, 64))
		text.WriteByte('\n')
	}
	return text.Bytes()
}

func prefix(all labels.Labels) []byte {
	var text strings.Builder
	text.WriteString(all.Get(labels.MetricName))
	separator := "{"
	all.Range(func(label labels.Label) {
		if label.Name != labels.MetricName {
			fmt.Fprintf(&text, "%s%s=%q", separator, label.Name, label.Value)
			separator = ","
		}
	})
	text.WriteString("} ")
	return []byte(text.String())
}

// serve answers scrapes of all targets until the process is ended; the first line that it prints is its address.
func serve(spec *Spec) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	fleet, wanted := newFleet(spec), spec.wanted()
	mux := http.NewServeMux()
	var objects []func() []byte
	for _, n := range fleet {
		exporterPage, objectsPage := &page{}, &page{}
		mux.HandleFunc("/nodes/"+n.name, func(response http.ResponseWriter, _ *http.Request) {
			write(response, exporterPage.render(n, func(placement int64) []series {
				return exported(&spec.Exporter, n, placement, wanted)
			}))
		})
		objects = append(objects, func() []byte {
			return objectsPage.render(n, func(placement int64) []series { return objectsOf(n, placement, wanted) })
		})
	}
	mux.HandleFunc(objectsPath, func(response http.ResponseWriter, _ *http.Request) {
		for _, render := range objects {
			write(response, render())
		}
	})
	mux.HandleFunc("/targets", func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		json.NewEncoder(response).Encode(discovery(fleet, address))
	})
	fmt.Fprintln(os.Stdout, address)
	return http.Serve(listener, mux)
}

func write(response http.ResponseWriter, text []byte) {
	response.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	response.Write(text)
}

type discovered struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

func discovery(fleet []*node, address string) []discovered {
	var result []discovered
	for _, n := range fleet {
		result = append(result, discovered{[]string{address}, exporterLabels(n)})
	}
	return result
}
