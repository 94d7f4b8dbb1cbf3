//go:build !race

package integration

// manyMembers is the size of a large audience.
const manyMembers = 20_000
