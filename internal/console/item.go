package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

const (
	// emptyFields is how many fields for new attributes the form of an item has.
	emptyFields = 3
	// maxFields is how many attributes the form takes; an item of more is edited as
	// JSON.
	maxFields = 500
)

// itemData is the editor of an item.
type itemData struct {
	*described
	New    bool
	Key    string // JSON
	Was    string // the item as it was when the editor was opened, JSON
	JSON   string // as it is to be
	Fields []itemField
	AsForm bool
	Self   string // path of this page
	Copy   string // path of a new item like this one
	Now    string // after a conflict: the item as it is now, JSON
	Kinds  []string
}

// itemField is an attribute in the form.
type itemField struct {
	Name, Kind, Text string
	Key              bool
}

var allKinds = []string{"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}

// showItem shows the editor of the item that the key in the URL names, or of a new
// one.
func (v *visit) showItem() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	keyText := v.r.URL.Query().Get("key")
	copied := keyText == "" && v.r.URL.Query().Has("copy")
	if copied {
		keyText = v.r.URL.Query().Get("copy")
	}
	if keyText == "" {
		return v.edit(t, &itemData{New: true}, t.blank())
	}
	key, err := parseItem(keyText)
	if err != nil {
		return err
	}
	item, err := v.getItem(t, key)
	if err != nil {
		return err
	}
	if item == nil {
		return refusal{status: http.StatusNotFound, key: "error.item"}
	}
	if copied {
		return v.edit(t, &itemData{New: true}, item)
	}
	return v.edit(t, &itemData{Key: string(key.AppendJSON(nil)), Was: string(item.AppendJSON(nil))}, item)
}

// getItem reads an item, nil if there is none.
func (v *visit) getItem(t *described, key attr.Map) (attr.Map, error) {
	out, err := call[*ddb.GetItemOutput](v, ddb.Target, "GetItem", &ddb.GetItemInput{TableName: t.TableName, Key: key, ConsistentRead: api.Some(true)})
	if err != nil || out.Item.IsZero() {
		return nil, err
	}
	return out.Item.Map()
}

// blank is what a new item begins with.
func (t *described) blank() attr.Map {
	var attrs []attr.Attr
	for _, name := range []string{t.Indexes[0].Hash, t.Indexes[0].Sort} {
		switch t.Types[name] {
		case "N":
			attrs = append(attrs, attr.Attr{Name: name, Value: attr.N(attr.IntNumber(0))})
		case "B":
			attrs = append(attrs, attr.Attr{Name: name, Value: attr.B("")})
		case "S":
			attrs = append(attrs, attr.Attr{Name: name, Value: attr.S("")})
		}
	}
	return attr.NewMap(attrs)
}

// edit shows the editor with an item in it.
func (v *visit) edit(t *described, d *itemData, item attr.Map) error {
	d.described, d.JSON, d.Kinds = t, pretty(item), allKinds
	d.AsForm = v.r.Form.Get("view") == "form" && len(item) <= maxFields
	d.Self = t.Path + "/item"
	if from := v.r.URL.Query().Get("copy"); d.New && from != "" {
		d.Self += "?" + url.Values{"copy": {from}}.Encode()
	}
	if !d.New {
		key, err := parseItem(d.Key)
		if err != nil {
			return err
		}
		d.Self = t.itemPath(key)
		d.Copy = t.Path + "/item?" + url.Values{"copy": {d.Key}}.Encode()
	}
	for _, a := range item {
		isKey := !d.New && (a.Name == t.Indexes[0].Hash || a.Name == t.Indexes[0].Sort)
		d.Fields = append(d.Fields, itemField{a.Name, a.Value.Kind().String(), valueText(a.Value), isKey})
	}
	for range emptyFields {
		d.Fields = append(d.Fields, itemField{Kind: "S"})
	}
	title := "item.edit"
	if d.New {
		title = "item.new"
	}
	return v.show("table_item", title, d)
}

// saveItem writes an item if it is still what it was when the editor was opened.
func (v *visit) saveItem() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	form := v.r.PostForm
	d := &itemData{New: form.Get("key") == "", Key: form.Get("key"), Was: form.Get("was")}
	item, err := v.formItem()
	if err != nil {
		return v.editAgain(t, d, nil, err)
	}
	if d.New {
		err = run(v, ddb.Target, "PutItem", newItem(t, item))
	} else {
		err = v.change(t, d, item)
	}
	if err != nil {
		return v.editAgain(t, d, item, err)
	}
	return v.redirect(t.itemPath(t.keyOf(item)) + "&done=item.saved")
}

// formItem reads the item of a form: its JSON, or its fields.
func (v *visit) formItem() (attr.Map, error) {
	form := v.r.PostForm
	if form.Get("view") != "form" {
		return parseItem(form.Get("json"))
	}
	names, kinds, texts := form["name"], form["kind"], form["text"]
	if len(names) != len(kinds) || len(names) != len(texts) || len(names) > maxFields+emptyFields {
		return nil, refusal{status: http.StatusBadRequest, key: "error.form"}
	}
	var attrs []attr.Attr
	for i, name := range names {
		if name == "" {
			continue
		}
		value, err := typedValue(kinds[i], texts[i])
		if err != nil {
			return nil, api.Validation("%s: %s", name, err)
		}
		attrs = append(attrs, attr.Attr{Name: name, Value: value})
	}
	return attr.NewMap(attrs), nil
}

// newItem writes an item that must not be there yet.
func newItem(t *described, item attr.Map) *ddb.PutItemInput {
	return &ddb.PutItemInput{
		TableName: t.TableName, Item: item,
		ConditionExpression:                 api.Some("attribute_not_exists(#k)"),
		ExpressionAttributeNames:            api.Map[string]{{Key: "#k", Value: t.Indexes[0].Hash}},
		ReturnValuesOnConditionCheckFailure: api.Some("ALL_OLD"),
	}
}

// change updates an item by what is different, if all that the editor showed is
// still so. What somebody else has added meanwhile stays.
func (v *visit) change(t *described, d *itemData, item attr.Map) error {
	key, err := parseItem(d.Key)
	if err != nil {
		return err
	}
	was, err := parseItem(d.Was)
	if err != nil {
		return err
	}
	if !t.keyOf(item).Equal(key) {
		return api.Validation("%s", v.text("item.keychanged"))
	}
	c := newComparison(was, item)
	if c.update == "" {
		return nil
	}
	return run(v, ddb.Target, "UpdateItem", &ddb.UpdateItemInput{
		TableName: t.TableName, Key: key, UpdateExpression: api.Some(c.update), ConditionExpression: api.Some(c.condition),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: attr.NewMap(c.values),
		ReturnValuesOnConditionCheckFailure: api.Some("ALL_OLD"),
	})
}

// comparison is the change from one state of an item to another.
type comparison struct {
	update, condition string
	names             api.Map[string]
	values            []attr.Attr
}

func newComparison(was, item attr.Map) *comparison {
	c := new(comparison)
	var set, remove string
	and := func(condition string) {
		if c.condition != "" {
			c.condition += " AND "
		}
		c.condition += condition
	}
	for _, a := range was {
		name := c.name(a.Name)
		and(name + "=" + c.value(a.Value))
		now, ok := item.Get(a.Name)
		switch {
		case !ok:
			remove += "," + name
		case !now.Equal(a.Value):
			set += "," + name + "=" + c.value(now)
		}
	}
	for _, a := range item {
		if _, ok := was.Get(a.Name); !ok {
			name := c.name(a.Name)
			and("attribute_not_exists(" + name + ")")
			set += "," + name + "=" + c.value(a.Value)
		}
	}
	if set != "" {
		c.update = "SET " + set[1:]
	}
	if remove != "" {
		c.update += " REMOVE " + remove[1:]
	}
	return c
}

func (c *comparison) name(name string) string {
	placeholder := "#" + strconv.Itoa(len(c.names))
	c.names = append(c.names, api.Entry[string]{Key: placeholder, Value: name})
	return placeholder
}

func (c *comparison) value(v attr.Value) string {
	placeholder := ":" + strconv.Itoa(len(c.values))
	c.values = append(c.values, attr.Attr{Name: placeholder, Value: v})
	return placeholder
}

// editAgain shows the editor with what was typed and why it was not saved.
func (v *visit) editAgain(t *described, d *itemData, item attr.Map, err error) error {
	var e *api.Error
	switch {
	case errors.As(err, &e) && e.Code == ddb.CodeConditionalCheckFailedException:
		v.problem, v.status = v.text("item.conflict"), http.StatusConflict
		if d.New {
			v.problem = v.text("item.exists")
		}
		d.Now = v.text("item.gone")
		if !e.Item.IsZero() {
			now, err := e.Item.Map()
			if err != nil {
				return err
			}
			d.Now = pretty(now)
		}
	case !v.refused(err):
		return err
	}
	typed := v.r.PostForm.Get("json")
	if item != nil {
		return v.edit(t, d, item)
	}
	v.keepTyped(d)
	d.described, d.JSON, d.Kinds, d.Self = t, typed, allKinds, v.r.URL.RequestURI()
	return v.show("table_item", "item.edit", d)
}

// keepTyped puts the fields of a form that could not be read back into it.
func (v *visit) keepTyped(d *itemData) {
	form := v.r.PostForm
	if form.Get("view") != "form" {
		return
	}
	d.AsForm = true
	for i, name := range form["name"] {
		if i < len(form["kind"]) && i < len(form["text"]) {
			d.Fields = append(d.Fields, itemField{Name: name, Kind: form["kind"][i], Text: form["text"][i]})
		}
	}
}

// deleteItem deletes an item if it is still what the editor showed.
func (v *visit) deleteItem() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	form := v.r.PostForm
	d := &itemData{Key: form.Get("key"), Was: form.Get("was")}
	key, err := parseItem(d.Key)
	if err != nil {
		return err
	}
	was, err := parseItem(d.Was)
	if err != nil {
		return err
	}
	if form.Get("sure") == "" {
		return v.editAgain(t, d, was, api.Validation("%s", v.text("item.sure")))
	}
	c := newComparison(was, was)
	err = run(v, ddb.Target, "DeleteItem", &ddb.DeleteItemInput{
		TableName: t.TableName, Key: key, ConditionExpression: api.Some(c.condition), ExpressionAttributeNames: c.names,
		ExpressionAttributeValues: attr.NewMap(c.values), ReturnValuesOnConditionCheckFailure: api.Some("ALL_OLD"),
	})
	if err != nil {
		return v.editAgain(t, d, was, err)
	}
	return v.done(t.Path, "item.deleted")
}
