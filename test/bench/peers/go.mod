module dapr-proxy/bench/peers

go 1.26.0
