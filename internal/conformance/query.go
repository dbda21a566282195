package conformance

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// actions are the operations of SQS, which alone has the query protocol.
var actions = []string{
	"AddPermission", "CancelMessageMoveTask", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "CreateQueue",
	"DeleteMessage", "DeleteMessageBatch", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"ListMessageMoveTasks", "ListQueueTags", "ListQueues", "PurgeQueue", "ReceiveMessage", "RemovePermission",
	"SendMessage", "SendMessageBatch", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
}

func queryAction(op string) bool { return slices.Contains(actions, op) }

// queryCodes are the errors that the query protocol calls otherwise.
var queryCodes = map[string]string{
	"QueueDoesNotExist":                 "AWS.SimpleQueueService.NonExistentQueue",
	"QueueNameExists":                   "QueueAlreadyExists",
	"InvalidParameterValueException":    "InvalidParameterValue",
	"MissingRequiredParameterException": "MissingParameter",
}

// prefixed are the errors whose names begin with that of the service there.
var prefixed = []string{
	"QueueDeletedRecently", "EmptyBatchRequest", "TooManyEntriesInBatchRequest", "BatchEntryIdsNotDistinct",
	"InvalidBatchEntryId", "BatchRequestTooLong", "MessageNotInflight", "PurgeQueueInProgress", "UnsupportedOperation",
}

func queryCode(code string) string {
	if slices.Contains(prefixed, code) {
		return "AWS.SimpleQueueService." + code
	}
	if other, ok := queryCodes[code]; ok {
		return other
	}
	return code
}

// singular are the names that members with many values have in a request.
var singular = map[string]string{
	"Attributes": "Attribute", "AttributeNames": "AttributeName", "MessageAttributes": "MessageAttribute",
	"MessageAttributeNames": "MessageAttributeName", "MessageSystemAttributes": "MessageSystemAttribute",
	"MessageSystemAttributeNames": "MessageSystemAttributeName",
	"tags":                        "Tag", "Tags": "Tag", "TagKeys": "TagKey", "AWSAccountIds": "AWSAccountId", "Actions": "ActionName",
}

// queryBody is a request of the query protocol.
func queryBody(op string, body *object, v vars) ([]byte, error) {
	form := url.Values{"Action": {op}, "Version": {"2012-11-05"}}
	err := queryMembers(form, "", op, body, v)
	return []byte(form.Encode()), err
}

func queryMembers(form url.Values, prefix, op string, o *object, v vars) error {
	for _, m := range o.members {
		if absent(m.value) {
			continue
		}
		name := m.name
		if s, ok := singular[name]; ok {
			name = s
		}
		if name == "Entries" {
			name = op + "RequestEntry"
		}
		if err := queryValue(form, prefix+name, m.value, v); err != nil {
			return err
		}
	}
	return nil
}

// queryValue writes a value. Members that are maps are known by their names.
func queryValue(form url.Values, name string, n node, v vars) error {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch n := n.(type) {
	case *object:
		switch last {
		case "Attribute", "MessageAttribute", "MessageSystemAttribute":
			return queryMap(form, name, "Name", n, v)
		case "Tag":
			return queryMap(form, name, "Key", n, v)
		}
		return queryMembers(form, name+".", "", n, v)
	case *list:
		for i, item := range n.items {
			if err := queryValue(form, name+"."+strconv.Itoa(i+1), item, v); err != nil {
				return err
			}
		}
		return nil
	case string:
		s, err := v.fill(n)
		form.Set(name, s)
		return err
	case json.Number:
		form.Set(name, string(n))
	case bool:
		form.Set(name, strconv.FormatBool(n))
	}
	return nil // null is as if it were absent
}

func queryMap(form url.Values, name, key string, o *object, v vars) error {
	for i, m := range o.members {
		at := name + "." + strconv.Itoa(i+1) + "."
		filled, err := v.fill(m.name)
		if err != nil {
			return err
		}
		form.Set(at+key, filled)
		if err := queryValue(form, at+"Value", m.value, v); err != nil {
			return err
		}
	}
	return nil
}

// element is one of an XML document.
type element struct {
	name     string
	text     string
	children []*element
}

func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return &element{}
}

// decodeXML understands an answer of the query protocol, in the shape that the
// JSON protocol would have given it.
func (a *answer) decodeXML() {
	root, err := readXML(a.body)
	if err != nil {
		return
	}
	if root.name == "ErrorResponse" {
		e := root.child("Error")
		a.code, a.message = e.child("Code").text, e.child("Message").text
		return
	}
	op := strings.TrimSuffix(root.name, "Response")
	a.decoded = root.child(op + "Result").members(op)
}

func readXML(body []byte) (*element, error) {
	stack := []*element{{}}
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(stack[0].children) == 1 {
			return stack[0].children[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
}

// members are the children of an element, in the shape of JSON.
func (e *element) members(op string) map[string]any {
	o := map[string]any{}
	add := func(name string, value any) {
		items, _ := o[name].([]any)
		o[name] = append(items, value)
	}
	put := func(name, key string, value any) {
		if o[name] == nil {
			o[name] = map[string]any{}
		}
		o[name].(map[string]any)[key] = value
	}
	for _, c := range e.children {
		switch {
		case c.name == "Attribute":
			put("Attributes", c.child("Name").text, c.child("Value").text)
		case c.name == "Tag":
			put("Tags", c.child("Key").text, c.child("Value").text)
		case c.name == "MessageAttribute":
			put("MessageAttributes", c.child("Name").text, c.child("Value").members(op))
		case c.name == "Message" && len(c.children) > 0:
			add("Messages", c.members(op))
		case c.name == "QueueUrl" && op == "ListQueues":
			add("QueueUrls", c.text)
		case c.name == "QueueUrl" && op == "ListDeadLetterSourceQueues":
			add("queueUrls", c.text)
		case c.name == "BatchResultErrorEntry":
			add("Failed", c.members(op))
		case c.name == "ListMessageMoveTasksResultEntry":
			add("Results", c.members(op))
		case strings.HasSuffix(c.name, "ResultEntry"):
			add("Successful", c.members(op))
		default:
			o[c.name] = c.text
		}
	}
	return o
}
