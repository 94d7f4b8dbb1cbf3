package main

import "slices"

// catalogue are all faults, in the order of the matrix. Each call makes new ones.
func catalogue() []*fault {
	return slices.Concat(
		onTheWay(), atTheNetwork(), ofAccess(), ofTheSource(), ofReplies(), ofTheSegment(), ofTheLedger(), ofClocks(),
	)
}

// Where something goes wrong.
const (
	atZeotap  = "Zeotap"
	atCharles = "Hello Charles"
	atBoth    = "both vendors"
	atLedger  = "ledger"
)
