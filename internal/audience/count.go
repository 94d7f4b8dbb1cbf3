package audience

// Count says how many, with the word for one and that for any other number: "1 member",
// "1,200 members".
func Count[N int | int64](n N, one, many string) string { return some(int64(n), one, many) }
