package dynamodbapi

import "github.com/levee-io/levee/internal/api"

// Some operations have been rewritten by the service, and say what is wrong with a
// request in words, and an order, of their own (observed in 2026). Where a required
// member is missing they leave it to the checks that they had before.

const (
	wrongReturnValues = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
	wrongOperator     = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]"
	wrongMetrics      = "ReturnItemCollectionMetrics can only be SIZE or NONE"
)

func (s *PutItemInput) reword(v *api.Violations) {
	if v.Reset(); emptyName(s.TableName, v) {
		return
	}
	var at api.Path
	v.Enum(s.ReturnConsumedCapacity, enumReturnConsumedCapacity, at.Member("returnConsumedCapacity"))
	v.OneOf(s.ReturnValues, enumReturnValue, wrongReturnValues)
	v.OneOf(s.ReturnItemCollectionMetrics, enumReturnItemCollectionMetrics, wrongMetrics)
	v.OneOf(s.ConditionalOperator, enumConditionalOperator, wrongOperator)
	rest := *s
	rest.ReturnConsumedCapacity, rest.ReturnValues = api.Opt[string]{}, api.Opt[string]{}
	rest.ReturnItemCollectionMetrics, rest.ConditionalOperator = api.Opt[string]{}, api.Opt[string]{}
	rest.check(v, &at)
}

func (s *DeleteItemInput) reword(v *api.Violations) {
	if v.Reset(); emptyName(s.TableName, v) {
		return
	}
	var at api.Path
	v.Enum(s.ReturnConsumedCapacity, enumReturnConsumedCapacity, at.Member("returnConsumedCapacity"))
	v.OneOf(s.ReturnValues, enumReturnValue, wrongReturnValues)
	v.OneOf(s.ReturnItemCollectionMetrics, enumReturnItemCollectionMetrics, wrongMetrics)
	v.OneOf(s.ConditionalOperator, enumConditionalOperator, wrongOperator)
	rest := *s
	rest.ReturnConsumedCapacity, rest.ReturnValues = api.Opt[string]{}, api.Opt[string]{}
	rest.ReturnItemCollectionMetrics, rest.ConditionalOperator = api.Opt[string]{}, api.Opt[string]{}
	rest.check(v, &at)
}

// reword of UpdateItem stops at ReturnValues.
func (s *UpdateItemInput) reword(v *api.Violations) {
	if v.Reset(); emptyName(s.TableName, v) || v.OneOf(s.ReturnValues, enumReturnValue, wrongReturnValues) {
		return
	}
	var at api.Path
	v.Enum(s.ReturnConsumedCapacity, enumReturnConsumedCapacity, at.Member("returnConsumedCapacity"))
	v.OneOf(s.ReturnItemCollectionMetrics, enumReturnItemCollectionMetrics, wrongMetrics)
	v.OneOf(s.ConditionalOperator, enumConditionalOperator, wrongOperator)
	rest := *s
	rest.ReturnConsumedCapacity = api.Opt[string]{}
	rest.ReturnItemCollectionMetrics, rest.ConditionalOperator = api.Opt[string]{}, api.Opt[string]{}
	rest.check(v, &at)
}

func (s *GetItemInput) reword(v *api.Violations) {
	var at api.Path
	if v.Reset(); !emptyName(s.TableName, v) {
		s.check(v, &at)
	}
}

// reword of Query says nothing else where the operator is wrong.
func (s *QueryInput) reword(v *api.Violations) {
	if v.Reset(); emptyName(s.TableName, v) {
		return
	}
	if v.OneOf(s.ConditionalOperator, enumConditionalOperator, wrongOperator) {
		v.Alone()
		return
	}
	var at api.Path
	rest := *s
	if s.Limit.OK && s.Limit.V < 1 {
		v.Unshown("Limit", "Member must have value greater than or equal to 1")
		rest.Limit = api.Opt[int64]{}
	}
	rest.check(v, &at)
}

func (s *BatchGetItemInput) reword(v *api.Violations) {
	if v.Reset(); len(s.RequestItems) == 0 {
		v.Unshown("RequestItems", "Member must have length greater than or equal to 1")
	}
	if text := BadGetName(s.RequestItems); text != "" {
		v.Say(text)
	}
	rest := *s
	rest.RequestItems = nil
	for _, table := range s.RequestItems {
		member := "RequestItems." + table.Key + ".member.Keys"
		switch n := len(table.Value.Keys); {
		case n < 1:
			v.Unshown(member, "Member must have length greater than or equal to 1")
			continue
		case n > 100:
			v.Unshown(member, "Member must have length less than or equal to 100")
			continue
		}
		rest.RequestItems = append(rest.RequestItems, table)
	}
	var at api.Path
	if rest.RequestItems == nil { // which check would miss
		v.Enum(s.ReturnConsumedCapacity, enumReturnConsumedCapacity, at.Member("returnConsumedCapacity"))
		return
	}
	rest.check(v, &at)
}

func (s *BatchWriteItemInput) reword(v *api.Violations) {
	if len(s.RequestItems) > 0 {
		return
	}
	v.Reset()
	v.Unshown("RequestItems", "Member must have length greater than or equal to 1")
	var at api.Path
	v.Enum(s.ReturnConsumedCapacity, enumReturnConsumedCapacity, at.Member("returnConsumedCapacity"))
	v.Enum(s.ReturnItemCollectionMetrics, enumReturnItemCollectionMetrics, at.Member("returnItemCollectionMetrics"))
}

// emptyName reports an empty name of a table.
func emptyName(name api.Opt[string], v *api.Violations) bool {
	if name.V != "" {
		return false
	}
	v.Unshown("TableName", "Member must have length greater than or equal to 1")
	return true
}
