package config

import (
	"slices"
	"strings"
)

// checkDeltas reports settings of sets of changes that do not go together.
func checkDeltas(r *report, path string, z *ZeotapExport, groups []string) {
	deltas := path + ".deltas"
	if z.Delivers != DeliversDeltas {
		if r.given(deltas) && !r.broken(path+".delivers") {
			r.refuseKey(deltas, "has no effect with delivers: full; write delivers: deltas, or delete this")
		}
		return
	}
	byName, byColumn := slices.Contains(groups, groupOperation), z.Deltas.OperationColumn != ""
	if !r.broken(path+".pattern") && !r.broken(deltas+".operation_column") {
		if !slices.Contains(groups, groupSet) {
			r.refuse(path+".pattern", "needs the group (?P<set>...) with delivers: deltas: sets are applied in the order of their names")
		}
		switch {
		case byName && byColumn:
			r.refuse(deltas+".operation_column", "the pattern has a group (?P<operation>...) already; the operation is told by one of them")
		case !byName && !byColumn:
			r.refuse(path+".pattern", "needs the group (?P<operation>...) with delivers: deltas, or write deltas.operation_column: else nobody knows who is inserted and who deleted")
		}
	}
	checkWords(r, deltas+".words", z.Deltas.Words)
	checkTwice(r, deltas+".key", z.Deltas.Key)
	checkPositive(r, deltas+".late_after", z.Deltas.LateAfter)
	checkCompleteWith(r, deltas, z.Deltas)
}

// checkWords reports a word that means two operations.
func checkWords(r *report, path string, words OperationWords) {
	meaning := map[string]string{}
	for _, list := range []struct {
		key    string
		values []string
	}{
		{"full", words.Full},
		{"insert", words.Insert},
		{"update", words.Update},
		{"delete", words.Delete},
	} {
		for i, value := range list.values {
			word := strings.ToLower(value)
			if earlier, twice := meaning[word]; twice && word != "" {
				r.refuse(item(path+"."+list.key, i), "also stands in the list %s; case does not matter, and a word has one meaning", earlier)
				continue
			}
			meaning[word] = list.key
		}
	}
}

func checkCompleteWith(r *report, path string, d ExportDeltas) {
	list := make([]string, len(d.CompleteWith))
	for i, operation := range d.CompleteWith {
		list[i] = string(operation)
		if operation == OperationDelete && !d.Deletes {
			r.refuse(item(path+".complete_with", i), "no set holds deletes while deletes is false; write deletes: true, or delete the entry")
		}
	}
	checkTwice(r, path+".complete_with", list)
	if len(list) > 0 && d.OperationColumn != "" {
		r.refuse(path+".complete_with", "goes with the group (?P<operation>...) of the pattern only: with operation_column one file holds all operations")
	}
}
