package dynamodb

import (
	"slices"
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// insightSetting is the setting of contributor insights of a table or an index. It
// is kept when they are turned off, and gone with its index.
type insightSetting struct {
	Index   string    `json:"index,omitempty"` // its name; "" for the table
	Enabled bool      `json:"enabled"`
	Mode    string    `json:"mode"`
	Since   time.Time `json:"since"`   // when it was turned on; the names of the rules end with it
	Changed time.Time `json:"changed"` // last
}

// insightOf returns the setting of the table, or of an index unless the name is "";
// nil if there never was one.
func (d *descriptor) insightOf(indexName string) *insightSetting {
	for i := range d.Insights {
		if d.Insights[i].Index == indexName {
			return &d.Insights[i]
		}
	}
	return nil
}

// dropInsights forgets the setting of an index.
func (d *descriptor) dropInsights(indexName string) {
	d.Insights = slices.DeleteFunc(d.Insights, func(s insightSetting) bool { return s.Index == indexName })
}

// checkInsightIndex checks that a request is about the table or a global index.
// One that is being created is there once it is being filled.
func (d *descriptor) checkInsightIndex(indexName api.Opt[string]) error {
	if !indexName.OK {
		return nil
	}
	x, c := d.index(indexName.V), d.underIndex(indexName.V)
	if x == nil || !x.Global || c != nil && c.Kind == changeCreateIndex {
		return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Index: %s not found for table: %s", indexName.V, d.Name)
	}
	return nil
}

// admitInsights refuses to turn insights on while the table, or the index unless
// the name is "", is being created.
func (d *descriptor) admitInsights(indexName string) error {
	what := ""
	if x := d.index(indexName); x != nil && x.Backfilling {
		what = "IndexStatus"
	}
	if d.status() == ddb.TableStatusCreating {
		what = "TableStatus"
	}
	if what == "" {
		return nil
	}
	return api.Validation("Table or Index is not in a valid state to update Key Access Insights: %s must be ACTIVE to enable ContributorInsights.", what)
}

// insightStatus returns the ContributorInsightsStatus.
func (d *descriptor) insightStatus(indexName string) string {
	for i := range d.Changes {
		if c := &d.Changes[i]; c.Kind == changeInsights && c.Name == indexName {
			if c.On {
				return ddb.ContributorInsightsStatusEnabling
			}
			return ddb.ContributorInsightsStatusDisabling
		}
	}
	if s := d.insightOf(indexName); s != nil && s.Enabled {
		return ddb.ContributorInsightsStatusEnabled
	}
	return ddb.ContributorInsightsStatusDisabled
}

// insightRules returns the names of the rules that the service would make.
func (d *descriptor) insightRules(s *insightSetting) []string {
	key, resource := &d.Key, d.Name
	if s.Index != "" {
		key, resource = &d.index(s.Index).Key, d.Name+"-"+s.Index
	}
	kinds := []string{"PKC", "SKC", "PKT", "SKT"}
	if s.Mode == ddb.ContributorInsightsModeThrottledKeys {
		kinds = kinds[2:]
	}
	var names []string
	for _, kind := range kinds {
		if kind[0] == 'P' || len(key.Range) > 0 {
			names = append(names, "DynamoDBContributorInsights-"+kind+"-"+resource+"-"+strconv.FormatInt(s.Since.UnixMilli(), 10))
		}
	}
	return names
}
