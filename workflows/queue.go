package workflows

// queue hands out batch numbers: parts of split batches first, then the
// planned batches in order, then those that were postponed.
type queue struct {
	planned int64
	issued  int64
	first   []int64
	last    []int64
}

func (q *queue) empty() bool { return len(q.first) == 0 && q.issued >= q.planned && len(q.last) == 0 }

func (q *queue) next() int64 {
	if len(q.first) > 0 {
		number := q.first[0]
		q.first = q.first[1:]
		return number
	}
	if q.issued < q.planned {
		q.issued++
		return q.issued
	}
	number := q.last[0]
	q.last = q.last[1:]
	return number
}

// putLast queues a batch to be sent after all others.
func (q *queue) putLast(number int64) { q.last = append(q.last, number) }

// putFirst queues batches to be sent before all others.
func (q *queue) putFirst(numbers []int64) {
	q.first = append(append([]int64(nil), numbers...), q.first...)
}
