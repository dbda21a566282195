package autoscaling

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/pace"
)

// traffic is a table whose traffic is at a rate that the test sets.
type traffic struct {
	mu          sync.Mutex
	provisioned int64
	rate, used  float64
	at          time.Time
}

func (f *traffic) set(rate float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass()
	f.rate = rate
}

func (f *traffic) pass() {
	now := time.Now()
	f.used += f.rate * now.Sub(f.at).Seconds()
	f.at = now
}

func (f *traffic) ThroughputUse(_ api.Namespace, table, index string, class capacity.Class) (int64, float64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass()
	return f.provisioned, f.used, table == "t" && index == "" && class == capacity.Write
}

func (f *traffic) Provision(_ context.Context, _ api.Namespace, _, _ string, _ capacity.Class, units int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.provisioned = units
	return nil
}

func (f *traffic) capacity() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.provisioned
}

const writes = `"ServiceNamespace":"dynamodb","ResourceId":"table/t","ScalableDimension":"dynamodb:table:WriteCapacityUnits"`

// acting runs a test on an engine that acts on a table with that much provisioned.
func acting(t *testing.T, provisioned int64, test func(h *harness, f *traffic)) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		f := &traffic{provisioned: provisioned, at: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.Act(ctx, pace.Clock{}, f)
		}()
		h.must("RegisterScalableTarget", `{`+writes+`,"MinCapacity":100,"MaxCapacity":1000}`)
		test(h, f)
		stop()
		<-done
	})
}

func (h *harness) track(more string) {
	h.Helper()
	h.must("PutScalingPolicy", `{`+writes+`,"PolicyName":"track","PolicyType":"TargetTrackingScaling",
		"TargetTrackingScalingPolicyConfiguration":{"TargetValue":70,"PredefinedMetricSpecification":{"PredefinedMetricType":"DynamoDBWriteCapacityUtilization"}`+more+`}}`)
}

func TestPoliciesAct(t *testing.T) {
	acting(t, 100, func(h *harness, f *traffic) {
		h.track("")
		f.set(90)
		time.Sleep(4*time.Minute + time.Second) // the first is not seen whole
		if got := f.capacity(); got != 100 {
			t.Errorf("%d WCU when the alarm is raised, want 100 until the update is done", got)
		}
		if got := h.must("DescribeScalingActivities", `{"ServiceNamespace":"dynamodb"}`); !strings.Contains(got, `"StatusCode":"InProgress"`) {
			t.Errorf("activities %s", got)
		}
		time.Sleep(2 * time.Minute)
		if got := f.capacity(); got != 129 {
			t.Errorf("%d WCU, want ceil(90/0.7)", got)
		}
		got := h.must("DescribeScalingActivities", `{"ServiceNamespace":"dynamodb","ResourceId":"table/t"}`)
		for _, want := range []string{`"Description":"Setting write capacity units to 129."`, `AlarmHigh in state ALARM triggered policy track"`,
			`"StatusCode":"Successful"`, `"Successfully set write capacity units to 129. Change successfully fulfilled by dynamodb."`} {
			if !strings.Contains(got, want) {
				t.Errorf("activities %s, want %s", got, want)
			}
		}
		f.set(10)
		time.Sleep(30 * time.Minute)
		if got := f.capacity(); got != 100 {
			t.Errorf("%d WCU after half an hour of little traffic, want the minimum", got)
		}
	})
}

// Within the cooldown the capacity grows only by more than it did before.
func TestScaleOutCooldown(t *testing.T) {
	acting(t, 100, func(h *harness, f *traffic) {
		h.track(`,"ScaleOutCooldown":3600`)
		f.set(104) // to 149
		time.Sleep(10 * time.Minute)
		for _, step := range []struct {
			rate float64
			want int64
		}{{125, 149}, {205, 293}} {
			f.set(step.rate)
			time.Sleep(10 * time.Minute)
			if got := f.capacity(); got != step.want {
				t.Errorf("%d WCU ten minutes into %v writes a second, want %d", got, step.rate, step.want)
			}
		}
		f.set(275) // to 393, less than was added before
		time.Sleep(40 * time.Minute)
		if got := f.capacity(); got != 293 {
			t.Errorf("%d WCU during the cooldown, want those of before", got)
		}
		time.Sleep(30 * time.Minute)
		if got := f.capacity(); got != 393 {
			t.Errorf("%d WCU after the cooldown, want ceil(275/0.7)", got)
		}
	})
}

func TestScaleInCanBeDisabled(t *testing.T) {
	acting(t, 500, func(h *harness, f *traffic) {
		h.track(`,"DisableScaleIn":true`)
		f.set(10)
		time.Sleep(time.Hour)
		if got := f.capacity(); got != 500 {
			t.Errorf("%d WCU, want those of before", got)
		}
	})
}

func TestScheduledActionsAct(t *testing.T) {
	acting(t, 100, func(h *harness, f *traffic) {
		at := time.Now().UTC().Add(time.Hour).Format("2006-01-02T15:04:05")
		h.must("PutScheduledAction", `{`+writes+`,"ScheduledActionName":"campaign","Schedule":"at(`+at+`)","ScalableTargetAction":{"MinCapacity":800}}`)
		time.Sleep(59 * time.Minute)
		if got := f.capacity(); got != 100 {
			t.Errorf("%d WCU before the action", got)
		}
		time.Sleep(5 * time.Minute)
		if got := f.capacity(); got != 800 {
			t.Errorf("%d WCU after it, want its minimum", got)
		}
		if got := h.must("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb"}`); !strings.Contains(got, `"MinCapacity":800`) {
			t.Errorf("targets %s", got)
		}
		if got := h.must("DescribeScalingActivities", `{"ServiceNamespace":"dynamodb"}`); !strings.Contains(got, `minimum capacity was set to 800`) {
			t.Errorf("activities %s", got)
		}
	})
}

func TestActivitiesArePaged(t *testing.T) {
	h := newEngine(t)
	at := scalable{h.caller.Namespace, dynamodb, "table/t", tableWrite}
	for i := range 60 {
		h.remember(newActivity(&registered{at: at}, int64(i), 1, time.Unix(int64(i), 0)))
	}
	first := h.must("DescribeScalingActivities", `{"ServiceNamespace":"dynamodb"}`)
	if n := strings.Count(first, "ActivityId"); n != maxPage || !strings.Contains(first, `"NextToken":"10"`) {
		t.Errorf("%d activities on the first page: %s", n, first[max(0, len(first)-40):])
	}
	if rest := h.must("DescribeScalingActivities", `{"ServiceNamespace":"dynamodb","NextToken":"10"}`); strings.Count(rest, "ActivityId") != 10 {
		t.Errorf("the second page is %s", rest)
	}
}
