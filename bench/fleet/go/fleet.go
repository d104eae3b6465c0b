package main

import (
	"fmt"
	"hash/fnv"
	"math"
)

const secondsPerDay = 86_400

// What runs on a node. Two nodes beside each other have the same.
type kind int

const (
	free     kind = iota // Nobody holds its GPUs.
	training             // One pod on each node holds all GPUs; the job spans two nodes.
	serving              // A pod of a Deployment on each GPU.
	parked               // As training, but the GPUs do nothing.
)

// An eighth of the pairs of nodes is free, half of them trains, a quarter serves.
var kinds = []kind{free, training, training, training, training, serving, serving, parked}

type gpu struct {
	index                 int
	uuid, bus, model      string
	mean                  float64
	nodePeriod, nodePhase float64
	ownPeriod, ownPhase   float64
	sick                  bool
}

type node struct {
	index int
	name  string
	kind  kind
	gpus  []gpu
	// When its placements change, in seconds.
	offset int64
	period int64
}

// part is a number from 0 to 1 that only depends on the text.
func part(text string) float64 {
	hash := fnv.New64a()
	hash.Write([]byte(text))
	// The first bytes of similar texts are alike without it.
	mixed := hash.Sum64() * 0x9E3779B97F4A7C15
	return float64(mixed>>11) / (1 << 53)
}

func newFleet(spec *Spec) []*node {
	fleet := make([]*node, spec.Nodes)
	for index := range fleet {
		name := fmt.Sprintf("gpu-node-%04d", index)
		pair := index / 2
		one := &node{
			index:  index,
			name:   name,
			kind:   kinds[pair%len(kinds)],
			period: secondsPerDay / spec.PlacementsPerDay,
		}
		one.offset = int64(part(fmt.Sprintf("offset/%d", pair)) * float64(one.period))
		model := modelOf(spec, index/16)
		for position := range spec.GPUsPerNode {
			one.gpus = append(one.gpus, newGPU(one, position, model))
		}
		fleet[index] = one
	}
	return fleet
}

// modelOf gives all kinds of use to each model: sixteen nodes beside each other have one of each and the same model.
func modelOf(spec *Spec, block int) string {
	eighth := block % 8
	for _, model := range spec.Models {
		if eighth < model.Eighths {
			return model.Name
		}
		eighth -= model.Eighths
	}
	return spec.Models[0].Name
}

func newGPU(on *node, position int, model string) gpu {
	own := fmt.Sprintf("%s/%d", on.name, position)
	mean := map[kind]float64{free: 0, parked: 0, training: 0.6, serving: 0.3}[on.kind]
	return gpu{
		index:      position,
		uuid:       fmt.Sprintf("GPU-%08x-5ace-4c8b-9d3e-%012x", uint32(part("uuid/"+own)*math.MaxUint32), on.index*16+position),
		bus:        fmt.Sprintf("00000000:%02X:00.0", 0x1b+0x18*position),
		model:      model,
		mean:       mean * (1 + 0.5*part("mean/"+own)),
		nodePeriod: 600 + 600*part("period/"+on.name),
		nodePhase:  2 * math.Pi * part("phase/"+on.name),
		ownPeriod:  60 + 60*part("period/"+own),
		ownPhase:   2 * math.Pi * part("phase/"+own),
		sick:       part("sick/"+own) < 1.0/400,
	}
}

// load is from 0 to 1. At 30 s between samples, its faster part is as good as noise.
func (g *gpu) load(time float64) float64 {
	return g.mean * (1 + 0.14*math.Sin(2*math.Pi*time/g.nodePeriod+g.nodePhase) + 0.06*math.Sin(2*math.Pi*time/g.ownPeriod+g.ownPhase))
}

// loadSeconds is the integral of the load from 0 until then.
func (g *gpu) loadSeconds(time float64) float64 {
	part := func(amplitude, period, phase float64) float64 {
		omega := 2 * math.Pi / period
		return amplitude / omega * (math.Cos(phase) - math.Cos(omega*time+phase))
	}
	return g.mean * (time + part(0.14, g.nodePeriod, g.nodePhase) + part(0.06, g.ownPeriod, g.ownPhase))
}

// boot is when all nodes were booted, in seconds since 1970.
const boot = 1_767_225_600

// value is what a metric shows of a GPU.
func (metric *Metric) value(g *gpu, time float64, load float64) float64 {
	switch {
	case g.sick && metric.Sick != 0:
		return metric.Sick
	case metric.Counter:
		up := time - boot
		return math.Floor(metric.Idle*up + (metric.Busy-metric.Idle)*g.loadSeconds(up))
	case metric.Steady:
		load = g.mean
	}
	scale := math.Pow10(metric.Decimals)
	return math.Round((metric.Idle+(metric.Busy-metric.Idle)*load)*scale) / scale
}

// placement says which placement a node is at.
func (n *node) placement(time int64) int64 { return (time + n.offset) / n.period }

// holder is the pod that holds a GPU.
type holder struct {
	namespace, pod, container string
	ownerKind, owner          string
	grandOwnerKind            string
	grandOwner                string
}

const namespaces = 25

// holderOf is nil where nobody holds the GPU.
func (n *node) holderOf(position int, placement int64) *holder {
	pair := n.index / 2
	namespace := fmt.Sprintf("team-%02d", pair%namespaces)
	switch n.kind {
	case free:
		return nil
	case serving:
		deployment := fmt.Sprintf("llm-%d", pair)
		replicaSet := deployment + "-6d9f7c8b5d"
		return &holder{
			namespace, fmt.Sprintf("%s-%s%d%05x", replicaSet, "x", position, (placement*31+int64(n.index))&0xfffff), "server",
			"ReplicaSet", replicaSet, "Deployment", deployment,
		}
	default:
		set := fmt.Sprintf("pretrain-%d-%d", pair, placement)
		job := set + "-worker-0"
		return &holder{
			namespace, fmt.Sprintf("%s-%d-%05x", job, n.index%2, placement&0xfffff), "trainer",
			"Job", job, "JobSet", set,
		}
	}
}
