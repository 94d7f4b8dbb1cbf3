package config

import (
	"slices"
)

var (
	conditionKeys = []string{"all", "any", "not", "field"}
	testKeys      = []string{"is", "is_not", "in", "present"}
)

// checkCondition reports a condition that is not exactly one.
func checkCondition(r *report, path string, c Condition) {
	if r.told[path] {
		return
	}
	kinds, tests := givenOf(r, path, conditionKeys), givenOf(r, path, testKeys)
	switch {
	case len(kinds) == 0 && r.broken(path), len(tests) == 0 && len(kinds) == 1 && kinds[0] == "field" && r.broken(path):
		// A key is misspelt.
	case len(kinds) == 0:
		r.refuse(path, "expected exactly one of %s", either(conditionKeys))
	case len(kinds) > 1:
		r.refuse(path+"."+kinds[1], "there is %q already; expected exactly one of %s", kinds[0], either(conditionKeys))
	case kinds[0] != "field":
		checkNotWith(r, path, tests, "belongs to a field, not to "+kinds[0])
		checkConditions(r, path, c)
	case len(tests) == 0:
		r.refuse(path, "expected exactly one of %s beside the field", either(testKeys))
	case len(tests) > 1:
		r.refuse(path+"."+tests[1], "there is %q already; expected exactly one of %s", tests[0], either(testKeys))
	case tests[0] == "in" && c.In == nil:
		checkFilled(r, path+".in", "value")
	}
}

func checkConditions(r *report, path string, c Condition) {
	for key, list := range map[string][]Condition{"all": c.All, "any": c.Any} {
		if list == nil {
			checkFilled(r, path+"."+key, "condition")
		}
		for i, condition := range list {
			checkCondition(r, item(path+"."+key, i), condition)
		}
	}
	if c.Not != nil {
		checkCondition(r, path+".not", *c.Not)
	}
}

func givenOf(r *report, path string, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !r.given(path + "." + key) })
}
