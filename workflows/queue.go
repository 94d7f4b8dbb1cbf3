package workflows

import "audiencesync/activities"

// maxPostponed bounds the batches that are postponed at once, and so what a run carries
// from one history to the next, however many batches it has.
const maxPostponed = 1000

// queue hands out batch numbers, stage by stage: parts of split batches first, then
// the planned batches of the stage in order, then those that were postponed. When too
// many are postponed they come before the planned ones.
type queue struct {
	// stages are the planned batches that have not been issued. One stage is over
	// before the next one begins.
	stages []activities.Numbers
	first  []int64
	last   []int64
}

// empty reports whether nothing of the stage is left.
func (q *queue) empty() bool { return len(q.first) == 0 && q.planned() == 0 && len(q.last) == 0 }

func (q *queue) planned() int64 {
	if len(q.stages) == 0 {
		return 0
	}
	return q.stages[0].Count()
}

func (q *queue) next() int64 {
	if len(q.first) > 0 {
		number := q.first[0]
		q.first = q.first[1:]
		return number
	}
	if q.planned() > 0 && len(q.last) < maxPostponed {
		stage := &q.stages[0]
		stage.From++
		return stage.From - 1
	}
	number := q.last[0]
	q.last = q.last[1:]
	return number
}

// nextStage goes on to the next stage that holds a batch, and reports whether there
// is one. The one before is empty.
func (q *queue) nextStage() bool {
	for len(q.stages) > 0 {
		q.stages = q.stages[1:]
		if q.planned() > 0 {
			return true
		}
	}
	return false
}

// putLast queues a batch to be sent after all others of the stage.
func (q *queue) putLast(number int64) { q.last = append(q.last, number) }

// putFirst queues batches to be sent before all others.
func (q *queue) putFirst(numbers []int64) {
	q.first = append(append([]int64(nil), numbers...), q.first...)
}
