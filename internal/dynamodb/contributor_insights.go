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
func (d *descriptor) checkInsightIndex(indexName api.Opt[string]) error {
	if !indexName.OK {
		return nil
	}
	if x := d.index(indexName.V); x == nil || !x.Global {
		return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Index: %s not found for table: %s", indexName.V, d.Name)
	}
	return nil
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
