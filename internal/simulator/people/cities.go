package people

import "slices"

// Cities are all cities that members live in, sorted.
func Cities() []string {
	var all []string
	for _, slot := range slots {
		all = append(all, slot.region.cities...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
