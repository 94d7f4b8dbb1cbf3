package audience

// Count says how many, with the words that go with one and with any other number:
// "1 member is", "1,200 members are".
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(int64(n)) + " " + many
}
