package attr

// Number is an exact decimal of up to 38 significant digits, kept as its
// canonical text. The zero Number is not a number.
type Number struct{ text string }
