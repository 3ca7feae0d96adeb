//! A Kubernetes cluster: its ImageStreams and its Leases. The only module that speaks to an API server.
