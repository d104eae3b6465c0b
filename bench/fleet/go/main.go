// Command fleet is a fleet of GPUs as Prometheus sees it: its past, written into a store as scrapes and rules would have, and
// its exporters, to be scraped. Both depend on names and clock alone and so fit together.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
)

const usage = "usage: fleet write SPEC FOLDER BEGIN END | fleet day SPEC BEGIN | fleet serve SPEC"

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(words []string) error {
	if len(words) < 2 {
		return errors.New(usage)
	}
	spec, err := readSpec(words[1])
	if err != nil {
		return err
	}
	numbers := make([]int64, 0, 2)
	for _, word := range words[min(len(words), len(words)-trailing(words[0])):] {
		number, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return errors.New(usage)
		}
		numbers = append(numbers, number/spec.IntervalSeconds*spec.IntervalSeconds)
	}
	switch {
	case words[0] == "serve" && len(words) == 2:
		return serve(spec)
	case words[0] == "day" && len(words) == 3:
		first, later, err := seriesOfDay(spec, numbers[0])
		return print(map[string]int{"first": first, "later": later}, err)
	case words[0] == "write" && len(words) == 5:
		// The store is left as SIGKILL leaves it, so that its next start is the worst one.
		history, err := writeHistory(spec, words[2], numbers[0], numbers[1])
		return print(history, err)
	}
	return errors.New(usage)
}

// trailing is how many numbers a command ends with.
func trailing(word string) int { return map[string]int{"write": 2, "day": 1}[word] }

func print(value any, err error) error {
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(value)
}
