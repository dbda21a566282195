package dynamodb

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/attr"
)

const noSuchIndex = "ResourceNotFoundException: Requested resource not found: Index: %s not found for table: ranged"

// stamps replaces what differs between runs.
func stamps(out string) string {
	out = regexp.MustCompile(`"LastUpdateDateTime":[0-9.E]+`).ReplaceAllString(out, `"LastUpdateDateTime":T`)
	return regexp.MustCompile(`-\d{12,13}"`).ReplaceAllString(out, `-MS"`)
}

func (h *harness) insights(rest, want string) {
	h.t.Helper()
	if got := stamps(h.mustDo("DescribeContributorInsights", `{"TableName":"ranged"`+rest+`}`)); got != want {
		h.t.Errorf("described %s\nwant %s", got, want)
	}
}

func TestContributorInsightsAreTurnedOnAndOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: time.Second})
		h.mustDo("CreateTable", rangedTable)
		time.Sleep(time.Second)
		synctest.Wait()
		off := `{"TableName":"ranged","ContributorInsightsStatus":"DISABLED"}`
		h.insights("", off)
		h.expect("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"DISABLE"}`, off)
		h.expect("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`,
			`{"TableName":"ranged","ContributorInsightsStatus":"ENABLING","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}`)
		if got := h.mustDo("ListContributorInsights", `{}`); !strings.Contains(got, "ENABLING") {
			t.Errorf("listed %s", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		const rule = "DynamoDBContributorInsights-"
		on := `{"TableName":"ranged","ContributorInsightsRuleList":["` + rule + `PKC-ranged-MS","` + rule + `SKC-ranged-MS","` + rule + `PKT-ranged-MS","` + rule + `SKT-ranged-MS"],"ContributorInsightsStatus":"ENABLED","LastUpdateDateTime":T,"ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}`
		h.insights("", on)
		h.expect("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`,
			`{"TableName":"ranged","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}`)
		before := h.mustDo("DescribeContributorInsights", `{"TableName":"ranged"}`)
		time.Sleep(time.Second)
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE","ContributorInsightsMode":"THROTTLED_KEYS"}`)
		time.Sleep(time.Second)
		synctest.Wait()
		h.insights("", `{"TableName":"ranged","ContributorInsightsRuleList":["`+rule+`PKT-ranged-MS","`+rule+`SKT-ranged-MS"],"ContributorInsightsStatus":"ENABLED","LastUpdateDateTime":T,"ContributorInsightsMode":"THROTTLED_KEYS"}`)
		after := h.mustDo("DescribeContributorInsights", `{"TableName":"ranged"}`)
		if kept := regexp.MustCompile(`SKT-ranged-\d+`).FindString(before); !strings.Contains(after, kept) {
			t.Errorf("a change of the mode renames the rule %s: %s", kept, after)
		}
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"DISABLE"}`)
		time.Sleep(time.Second)
		synctest.Wait()
		h.restart()
		h.insights("", `{"TableName":"ranged","ContributorInsightsStatus":"DISABLED","LastUpdateDateTime":T,"ContributorInsightsMode":"THROTTLED_KEYS"}`)
		h.expect("ListContributorInsights", `{"TableName":"ranged"}`, `{"ContributorInsightsSummaries":[]}`)
	})
}

// ENABLE without a mode asks for the default one, DISABLE with a mode leaves it.
func TestContributorInsightsChangeMode(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	const all, throttled = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"
	for _, step := range []struct{ action, mode, status, want string }{
		{"ENABLE", throttled, "ENABLING", throttled},
		{"ENABLE", throttled, "ENABLED", throttled},
		{"ENABLE", "", "ENABLING", all},
		{"ENABLE", all, "ENABLED", all},
		{"DISABLE", throttled, "DISABLING", all},
		{"DISABLE", "", "DISABLED", all},
		{"ENABLE", throttled, "ENABLING", throttled},
	} {
		mode := ""
		if step.mode != "" {
			mode = fmt.Sprintf(`,"ContributorInsightsMode":%q`, step.mode)
		}
		h.expect("UpdateContributorInsights", fmt.Sprintf(`{"TableName":"ranged","ContributorInsightsAction":%q%s}`, step.action, mode),
			fmt.Sprintf(`{"TableName":"ranged","ContributorInsightsStatus":%q,"ContributorInsightsMode":%q}`, step.status, step.want))
	}
}

// A later change takes the place of one that is under way.
func TestContributorInsightsChangeAgainWhileChanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: time.Minute})
		h.mustDo("CreateTable", rangedTable)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`)
		time.Sleep(time.Second)
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"DISABLE"}`)
		for _, step := range []struct {
			after  time.Duration
			status string
		}{{0, "DISABLING"}, {59 * time.Second, "DISABLING"}, {time.Second, "DISABLED"}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := h.mustDo("DescribeContributorInsights", `{"TableName":"ranged"}`); !strings.Contains(got, step.status) {
				t.Errorf("%v later: %s, want %s", step.after, got, step.status)
			}
		}
	})
}

const (
	enableIndex   = `{"TableName":"abc","IndexName":"by-n","ContributorInsightsAction":"ENABLE"}`
	describeIndex = `{"TableName":"abc","IndexName":"by-n"}`
	notActive     = "Table or Index is not in a valid state to update Key Access Insights: %s must be ACTIVE to enable ContributorInsights."
)

// A table that is being created cannot have insights yet, and an index that is
// being allocated is not there for them.
func TestContributorInsightsWaitForTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const enable = `{"TableName":"abc","ContributorInsightsAction":"ENABLE"}`
		h := newEngineWith(t, Options{TableDelay: time.Second})
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.refused("UpdateContributorInsights", enable, fmt.Sprintf(notActive, "TableStatus"))
		time.Sleep(time.Second)
		synctest.Wait()
		h.mustDo("UpdateTable", addIndex)
		const missing = "ResourceNotFoundException: Requested resource not found: Index: by-n not found for table: abc"
		h.fails("UpdateContributorInsights", enableIndex, missing)
		h.fails("DescribeContributorInsights", describeIndex, missing)
		h.mustDo("UpdateContributorInsights", enable)
	})
}

func TestContributorInsightsWaitForIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.halt()
		h.mustDo("UpdateTable", addIndex) // is not filled before the restart
		h.refused("UpdateContributorInsights", enableIndex, fmt.Sprintf(notActive, "IndexStatus"))
		h.expect("DescribeContributorInsights", describeIndex, `{"TableName":"abc","IndexName":"by-n","ContributorInsightsStatus":"DISABLED"}`)
		h.restart()
		synctest.Wait()
		h.mustDo("UpdateContributorInsights", enableIndex)
	})
}

func TestContributorInsightsOfIndexes(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	for _, index := range []string{"index1", "ghost"} {
		h.fails("DescribeContributorInsights", fmt.Sprintf(`{"TableName":"ranged","IndexName":%q}`, index), fmt.Sprintf(noSuchIndex, index))
		h.fails("UpdateContributorInsights", fmt.Sprintf(`{"TableName":"ranged","IndexName":%q,"ContributorInsightsAction":"ENABLE"}`, index), fmt.Sprintf(noSuchIndex, index))
	}
	const missing = "ResourceNotFoundException: Requested resource not found: Table: none not found"
	h.fails("DescribeContributorInsights", `{"TableName":"none"}`, missing)
	h.fails("ListContributorInsights", `{"TableName":"none"}`, missing)

	h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","IndexName":"index3","ContributorInsightsAction":"ENABLE"}`)
	h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`)
	h.insights(`,"IndexName":"index3"`, `{"TableName":"ranged","IndexName":"index3","ContributorInsightsRuleList":["DynamoDBContributorInsights-PKC-ranged-index3-MS","DynamoDBContributorInsights-PKT-ranged-index3-MS"],"ContributorInsightsStatus":"ENABLED","LastUpdateDateTime":T,"ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}`)

	page := h.mustDo("ListContributorInsights", `{"MaxResults":1}`)
	token := regexp.MustCompile(`"NextToken":"([^"]+)"`).FindStringSubmatch(page)
	if token == nil || strings.Contains(page, "index3") {
		t.Fatalf("first page %s", page)
	}
	h.expect("ListContributorInsights", `{"MaxResults":1,"NextToken":"`+token[1]+`"}`,
		`{"ContributorInsightsSummaries":[{"TableName":"ranged","IndexName":"index3","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}]}`)

	h.mustDo("UpdateTable", `{"TableName":"ranged","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"index3"}}]}`)
	if got := h.mustDo("ListContributorInsights", `{}`); strings.Contains(got, "index3") {
		t.Errorf("an index that is gone is listed: %s", got)
	}
}

// contributed returns the counts of a rule in the running and the ended minute.
func (h *harness) contributed(index string, rule ContributorRule) string {
	r, ok := h.Contributors(testNamespace, "ranged", index, rule)
	if !ok {
		return "off"
	}
	var out []string
	for _, list := range [2][]Contributor{r.Running, r.Ended} {
		text := ""
		for _, c := range list {
			for _, a := range c.Key {
				text += a.Name + "=" + a.Value.Str() + " "
			}
			text += fmt.Sprintf("%d;", c.Count)
		}
		out = append(out, text)
	}
	return strings.Join(out, "|")
}

func (h *harness) contributes(index string, rule ContributorRule, want string) {
	h.t.Helper()
	if got := h.contributed(index, rule); got != want {
		h.t.Errorf("index %q, rule %d: %s, want %s", index, rule, got, want)
	}
}

func TestContributorsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", rangedTable)
		h.put("ranged", `{"a":{"S":"x"},"b":{"S":"before"}}`)
		h.contributes("", AccessedKeys, "off")
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`)
		h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","IndexName":"index3","ContributorInsightsAction":"ENABLE"}`)

		h.put("ranged", `{"a":{"S":"x"},"b":{"S":"1"},"c":{"S":"p"}}`)
		h.put("ranged", `{"a":{"S":"x"},"b":{"S":"1"},"c":{"S":"q"}}`)
		key := `{"a":{"S":"x"},"b":{"S":"2"}}`
		h.mustDo("GetItem", `{"TableName":"ranged","Key":`+key+`}`)
		h.mustDo("BatchGetItem", `{"RequestItems":{"ranged":{"Keys":[`+key+`]}}}`)
		h.mustDo("TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"ranged","Key":`+key+`}}]}`)
		h.mustDo("Query", `{"TableName":"ranged","KeyConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"y"}}}`)
		h.mustDo("Query", `{"TableName":"ranged","IndexName":"index3","KeyConditionExpression":"c = :c","ExpressionAttributeValues":{":c":{"S":"q"}}}`)

		h.contributes("", AccessedPartitions, "a=x 5;a=y 1;|")
		h.contributes("", AccessedKeys, "a=x b=2 3;a=x b=1 2;|")
		h.contributes("index3", AccessedPartitions, "c=p 2;c=q 2;|")
		h.contributes("index3", AccessedKeys, "|")
		h.contributes("", ThrottledKeys, "|")
		v := h.catalog.tables[tableID{testNamespace, "ranged"}].current.Load()
		row := v.row(attr.NewMap([]attr.Attr{{Name: "a", Value: attr.S("x")}, {Name: "b", Value: attr.S("3")}}))
		v.insights.throttled(row[len(v.prefix):])
		h.contributes("", ThrottledKeys, "a=x b=3 1;|")

		time.Sleep(time.Minute)
		h.contributes("", AccessedKeys, "|a=x b=2 3;a=x b=1 2;")
		time.Sleep(2 * time.Minute)
		h.contributes("", AccessedKeys, "|")
	})
}

// Where only throttled keys are asked for, accesses are not counted.
func TestAccessesAreNotCountedInThrottledMode(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE","ContributorInsightsMode":"THROTTLED_KEYS"}`)
	h.put("ranged", `{"a":{"S":"x"},"b":{"S":"1"}}`)
	h.mustDo("Query", `{"TableName":"ranged","KeyConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"x"}}}`)
	h.contributes("", AccessedKeys, "off")
	h.contributes("", ThrottledKeys, "|")
	h.mustDo("UpdateContributorInsights", `{"TableName":"ranged","ContributorInsightsAction":"ENABLE"}`)
	if got := h.contributed("", AccessedPartitions); got != "|" {
		t.Errorf("counted before accesses were asked for: %s", got)
	}
}
