// Package template fills the input templates of pipes, and finds the values that
// their dynamic parameters name.
//
//	t, err := template.Parse(`{"order":<$.body.id>,"pipe":"<aws.pipes.pipe-name>"}`)
//	text := t.Fill(template.NewEvent(record, "body"), vars)
//
// A template is text with placeholders: paths into the event, and the reserved
// variables of the service. One that begins with {, [ or " is JSON, and stays JSON
// when it is filled:
//
//   - between quotes, what is filled in is text: a string without its quotes, and
//     anything else as it is written in JSON, each escaped;
//   - outside of quotes, it is a JSON value, so a string brings its quotes along.
//
// Any other template is free text, in which strings stand as they are. What an
// event does not have is null outside of quotes, and nothing elsewhere; the
// service's documentation is silent about it.
//
// A member that holds encoded JSON, such as the body of a message, may be gone
// into as if it were not encoded ("implicit body data parsing").
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
//
// It is pure. A template has at most MaxLength bytes, a path MaxSteps steps, and
// what one becomes is bounded by MaxOutput.
package template
