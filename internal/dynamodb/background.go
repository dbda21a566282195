package dynamodb

// startBackground starts what runs beside the operations. No operation is
// running yet.
func (e *Engine) startBackground() {
}
