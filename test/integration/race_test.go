//go:build race

package integration

// manyMembers is the size of a large audience. The race detector makes the
// ledger seven times slower.
const manyMembers = 5_000
