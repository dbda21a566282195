package autoscaling

import "github.com/levee-io/levee/internal/api"

// Scaled reports whether a capacity is registered and has a policy.
func (e *Engine) Scaled(ns api.Namespace, resource, dimension string) (bool, error) {
	at := scalable{ns, dynamodb, resource, dimension}
	var t target
	if ok, err := e.load(at.key(kindTarget), &t); err != nil || !ok {
		return false, err
	}
	q := query{kind: kindPolicy, ns: ns, service: dynamodb, limit: 1}
	list, _, err := scan(e, q, func(p *policy) bool { return p.Resource == resource && p.Dimension == dimension })
	return len(list) > 0, err
}
