feature_extractor_name = "variables"
version = "v1"
description = "A manifest of module variables, and a step that is a function"
category = "text"
dependencies = ["pydantic>=2"]
features = [
    {
        "feature_type": "embedding",
        "feature_name": "variables_embedding",
        "embedding_dim": 8,
        "distance_metric": "dot",
    }
]
input_schema = {"text": "string"}
output_schema = {"variables_embedding": "list[float]", "words": "int", "shout": str}
input_mappings = {"text": "title"}
supported_input_types = ["text", "string"]
inference_type = "embedding"
tier = 1
tier_label = "SIMPLE"
compute_profile = {"resource_type": "cpu", "batch_size": 8, "max_concurrency": 1, "actor_memory_gb": 0.5}
serve_config = {"num_replicas": 1, "num_cpus": 0.1}
cost_rates = [{"unit": "1k_tokens", "credits_per_unit": 0}]
feature_uri = "mixpeek://variables@v1/variables_embedding"
example_input = {"text": "an example"}
example_output = {"words": 2}
