package dynamodbapi

import "github.com/levee-io/levee/internal/attr"

// JSONSize implements api.Sized.
func (o *ScanOutput) JSONSize() int { return sizeOf(o.Items) }

// JSONSize implements api.Sized.
func (o *QueryOutput) JSONSize() int { return sizeOf(o.Items) }

// JSONSize implements api.Sized.
func (o *ExecuteStatementOutput) JSONSize() int { return sizeOf(o.Items) }

// JSONSize implements api.Sized.
func (o *BatchGetItemOutput) JSONSize() (n int) {
	for _, table := range o.Responses {
		n += sizeOf(table.Value)
	}
	return n
}

func sizeOf(items []attr.Item) (n int) {
	for i := range items {
		n += items[i].JSONSize()
	}
	return n + 512 // and the rest of a response
}
