package main

import (
	"fmt"
	"strconv"
	"time"

	"audiencesync/bench/table"
)

// The goals.
const (
	leastAchieved = 0.97
	mostRefused   = 0.005
	// fairShare is what each of three has at the least: half of a third.
	fairShare = 1.0 / 6
)

// figuresOf sets what was measured against the goals: at the limit for so long,
// and around told delays.
func figuresOf(atTheLimit []arrival, long time.Duration, told []arrival) []table.Figure {
	fates := fatesOf(atTheLimit)
	allowed := perSecond * long.Seconds()
	achieved := float64(fates[passed]) / allowed
	refused := share(fates[tooMany], len(atTheLimit))
	around := fatesOf(told)
	worker, sync := leastShare(atTheLimit, workers, worker), leastShare(atTheLimit, syncs, syncOf)
	return []table.Figure{
		table.Goal("achieved / allowed", fmt.Sprintf("%.4f (%d of %.0f requests)", achieved, fates[passed], allowed),
			fmt.Sprintf(">= %.2f", leastAchieved), achieved >= leastAchieved),
		table.Goal("share of 429", fmt.Sprintf("%.2f %% (%d)", 100*refused, fates[tooMany]),
			fmt.Sprintf("<= %.1f %%", 100*mostRefused), refused <= mostRefused),
		table.Goal("least share of a worker", percent(worker), ">= "+percent(fairShare), worker >= fairShare),
		table.Goal("least share of a sync", percent(sync), ">= "+percent(fairShare), sync >= fairShare),
		table.Goal("requests inside told delays", fmt.Sprintf("%d (%d delays of %s)", around[inside], around[held], toldDelay),
			"0", around[inside] == 0 && around[held] == toldDelays),
		table.Goal("429 after the told delays", strconv.Itoa(around[tooMany]), "0", around[tooMany] == 0),
		table.Told(fmt.Sprintf("on their way, in the first %s of a told delay", reading), strconv.Itoa(around[onTheWay])),
		table.Told(fmt.Sprintf("smallest bucket that holds it, of %d", burst), fmt.Sprintf("%.1f", max(bucketFor(atTheLimit), bucketFor(told)))),
	}
}

// bucketFor is the size of the smallest bucket of tokens, filled at the limit,
// from which the requests could have been served as they came.
func bucketFor(arrivals []arrival) float64 {
	var level, most float64
	var last time.Time
	for _, came := range arrivals {
		level = max(0, level-came.at.Sub(last).Seconds()*perSecond) + 1
		last, most = came.at, max(most, level)
	}
	return most
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func fatesOf(arrivals []arrival) map[string]int {
	fates := map[string]int{}
	for _, came := range arrivals {
		fates[came.fate]++
	}
	return fates
}

func worker(a arrival) string { return a.worker }

func syncOf(a arrival) string { return a.sync }

// leastShare is the share of the one, among so many, that had the fewest
// requests passed.
func leastShare(arrivals []arrival, among int, of func(arrival) string) float64 {
	counts, all := map[string]int{}, 0
	for _, came := range arrivals {
		if came.fate == passed && of(came) != "" {
			counts[of(came)]++
			all++
		}
	}
	if len(counts) < among {
		return 0
	}
	fewest := all
	for _, n := range counts {
		fewest = min(fewest, n)
	}
	return share(fewest, all)
}

func share(part, whole int) float64 {
	return float64(part) / float64(max(whole, 1))
}
