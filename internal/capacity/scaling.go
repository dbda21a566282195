package capacity

import (
	"math"
	"time"
)

// Policy is a target tracking policy of Application Auto Scaling for one class of one
// table or index, with the bounds of its scalable target.
type Policy struct {
	Min, Max    float64
	Target      float64 // percent of the provisioned capacity that is to be consumed
	OutCooldown time.Duration
	InCooldown  time.Duration
}

// Scaler is the two alarms of a policy. It is told of each minute, and asked what the
// capacity ought to be.
type Scaler struct {
	params Params
	policy Policy

	unseen       []observation // that CloudWatch does not show yet
	above, below int           // minutes in a row
	latest       float64       // of the minutes seen
	highest      float64       // of those below
	out, in      time.Time     // of the last scaling
	added        float64       // by the last scaling out
}

// observation is the rate of a minute, and when it can be seen.
type observation struct {
	rate float64
	at   time.Time
}

// NewScaler returns the scaler of a policy.
func NewScaler(p Params, policy Policy) *Scaler { return &Scaler{params: p, policy: policy} }

// Bound changes the bounds.
func (s *Scaler) Bound(least, most float64) { s.policy.Min, s.policy.Max = least, most }

// Follow replaces the policy. Without a target, only its bounds count.
func (s *Scaler) Follow(p Policy) { s.policy = p }

// Observe takes the mean rate of the minute that ended.
func (s *Scaler) Observe(now time.Time, rate float64) {
	s.unseen = append(s.unseen, observation{rate, now.Add(s.params.AlarmLag)})
}

// Decide returns what the capacity is to be, given what it is; ok is false if it is to
// stay. It looks at each observation once.
func (s *Scaler) Decide(now time.Time, provisioned float64) (want float64, ok bool) {
	n := 0
	for n < len(s.unseen) && !s.unseen[n].at.After(now) {
		s.look(s.unseen[n].rate, provisioned)
		n++
	}
	s.unseen = s.unseen[:copy(s.unseen, s.unseen[n:])]
	want = provisioned
	switch {
	case s.above >= s.params.ScaleOutMinutes:
		if more := min(s.wanted(s.latest), s.policy.Max); s.mayAdd(now, more-provisioned) {
			want = max(want, more)
		}
	case s.below >= s.params.ScaleInMinutes && now.Sub(s.in) >= s.policy.InCooldown:
		want = min(want, s.wanted(s.highest))
	}
	want = min(max(want, s.policy.Min), s.policy.Max)
	return want, want != provisioned
}

// mayAdd reports whether units may be added by now. During the cooldown only more may
// be than the scaling out added that began it (Application Auto Scaling API Reference,
// TargetTrackingScalingPolicyConfiguration, ScaleOutCooldown: no further increase
// "unless either a larger scale out is triggered or the cooldown period ends").
func (s *Scaler) mayAdd(now time.Time, units float64) bool {
	return units > s.added || now.Sub(s.out) >= s.policy.OutCooldown
}

// wanted returns the capacity of which a rate is the target. The service does not
// publish how it gets there; this is what tracking a target means.
func (s *Scaler) wanted(rate float64) float64 {
	return math.Ceil(rate / (s.policy.Target / 100))
}

// look counts a minute for both alarms.
func (s *Scaler) look(rate, provisioned float64) {
	if s.policy.Target == 0 {
		s.above, s.below, s.highest = 0, 0, 0
		return
	}
	used := 100 * rate / provisioned
	if used > s.policy.Target {
		s.above, s.latest = s.above+1, rate
	} else {
		s.above = 0
	}
	if used < s.policy.Target-s.params.ScaleInMargin && (rate > 0 || s.params.ScaleInIdle) {
		s.below, s.highest = s.below+1, max(s.highest, rate)
	} else {
		s.below, s.highest = 0, 0
	}
}

// Scaled tells that the capacity was changed by what Decide said.
func (s *Scaler) Scaled(now time.Time, from, to float64) {
	s.above, s.below, s.highest = 0, 0, 0
	if to > from {
		s.out, s.added = now, to-from
	} else {
		s.in = now
	}
}

// Action changes the bounds of a policy by a schedule.
type Action struct {
	Schedule *Schedule
	Min, Max float64 // 0: stays
}

// scaling is a scaler at work on a table, in a simulation.
type scaling struct {
	*Scaler
	actions []Action
	next    []time.Time // of each action; zero if there is none
	to      float64     // what an update under way makes of the capacity
	until   int64       // when it is done; 0 if there is none
}

func newScaling(p Params, policy Policy, actions []Action, now time.Time) *scaling {
	s := &scaling{Scaler: NewScaler(p, policy), actions: actions, next: make([]time.Time, len(actions))}
	for i := range actions {
		s.next[i] = actions[i].Schedule.Next(now)
	}
	return s
}

// act lets the actions happen that are due.
func (s *scaling) act(now time.Time) {
	for i := range s.actions {
		if s.next[i].IsZero() || s.next[i].After(now) {
			continue
		}
		a := &s.actions[i]
		least, most := s.policy.Min, s.policy.Max
		if a.Min > 0 {
			least = a.Min
		}
		if a.Max > 0 {
			most = a.Max
		}
		s.Bound(least, max(least, most))
		s.next[i] = a.Schedule.Next(now)
	}
}

// scale lets the scalers of a resource see the minute that has ended, and act.
func (r *resource) scale(at int64) {
	now := time.Unix(0, at).UTC()
	for c := range r.scaling {
		if s := r.scaling[c]; s != nil {
			s.act(now)
			s.Observe(now, r.ended.Consumed[c]/60)
			r.scaleClass(Class(c), s, at)
		}
	}
}

func (r *resource) scaleClass(c Class, s *scaling, at int64) {
	now := time.Unix(0, at).UTC()
	if s.until != 0 {
		if s.until > at {
			return
		}
		s.Scaled(now, r.Provisioned[c], s.to)
		cfg := r.Config
		cfg.Provisioned[c], s.until = s.to, 0
		r.set(cfg, false, at)
	}
	want, ok := s.Decide(now, r.Provisioned[c])
	if !ok || want < r.Provisioned[c] && !r.decreases.Allow(r.params, now) {
		return
	}
	s.to, s.until = want, at+int64(max(r.params.UpdateTakes, 1))
}
