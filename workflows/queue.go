package workflows

// queue hands out batch numbers: parts of split batches first, then the
// planned batches in order.
type queue struct {
	planned int64
	issued  int64
	first   []int64
}

func (q *queue) empty() bool { return len(q.first) == 0 && q.issued >= q.planned }

func (q *queue) next() int64 {
	if len(q.first) > 0 {
		number := q.first[0]
		q.first = q.first[1:]
		return number
	}
	q.issued++
	return q.issued
}

// putFirst queues batches to be sent before all others.
func (q *queue) putFirst(numbers []int64) {
	q.first = append(append([]int64(nil), numbers...), q.first...)
}
