package api

// ScalingSetting says how one capacity of a table scales by itself: what the
// engine of tables and that of scaling tell each other.
type ScalingSetting struct {
	Min, Max    int64
	Policy      string // its name; "" if there is none
	Target      float64
	InCooldown  Opt[int64]
	OutCooldown Opt[int64]
	NeverIn     Opt[bool] // DisableScaleIn
}
