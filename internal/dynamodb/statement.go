package dynamodb

import (
	"errors"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// Texts of the service about PartiQL statements that more than one place needs.
const (
	msgExistsElsewhere = "EXISTS can only be used in ExecuteTransaction write requests."
	msgDuplicateItem   = "Duplicate primary key exists in table"
	msgNoSuchIndex     = "The table does not have the specified index"
)

// parseStatement reads a PartiQL statement.
func parseStatement(text string, params []attr.Value) (*partiql.Statement, error) {
	s, err := partiql.Parse(text, params)
	if err != nil {
		return nil, invalid(err)
	}
	return s, nil
}

// checkParameters refuses parameters that are no values. Alone among what may be
// wrong with a statement, this is said of a transaction as of a single one.
func checkParameters(params []attr.Value) error {
	for _, p := range params {
		if why := p.Refusal(); why != "" {
			return api.Validation("%s", why)
		}
	}
	return nil
}

// statementView returns the table that a statement is about.
func (e *Engine) statementView(c *api.Caller, s *partiql.Statement) (*view, error) {
	if !strings.HasPrefix(s.Table, "arn:") && !validTableName(s.Table) {
		return nil, api.Validation("Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.")
	}
	return e.view(c, s.Table)
}

func validTableName(name string) bool {
	if len(name) < 3 || len(name) > 255 {
		return false
	}
	var v api.Violations
	var at api.Path
	v.Match(api.Some(name), tableNamePattern, at.Member("tableName"))
	return v.Err() == nil
}

// names returns the names of the attributes of a key.
func (k *keySchema) names() []string {
	var list []string
	for _, a := range k.attrs() {
		list = append(list, a.Name)
	}
	return list
}

// checkKinds checks that those key attributes that are there are of the types of
// the schema, in the words that PartiQL has for it.
func (k *keySchema) checkKinds(values attr.Map) error {
	for _, a := range k.attrs() {
		if v, ok := values.Get(a.Name); ok {
			if err := a.checkKind(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a keyAttr) checkKind(v attr.Value) error {
	switch kind := v.Kind(); kind {
	case a.Kind:
		return nil
	case attr.KindS, attr.KindN, attr.KindB:
		return api.Validation("Key attribute's data type should match its data type in table's schema: Key %s", a.Name)
	default:
		return api.Validation("Key value must be of type S, N, or B. Key name: %s, Key type: %s", a.Name, kind)
	}
}

// statementFailed words the error of an item as a statement reports it.
func statementFailed(s *partiql.Statement, err error) error {
	var e *api.Error
	switch {
	case !errors.As(err, &e):
		return err
	case s.Verb == partiql.Insert && e.Code == ddb.CodeConditionalCheckFailedException:
		return api.Errorf(ddb.CodeDuplicateItemException, msgDuplicateItem)
	case e.Message == attr.ErrTooDeep.Error():
		return api.Validation("Nesting Levels have exceeded supported limits")
	}
	return err
}
