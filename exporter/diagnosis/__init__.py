"""The judgement of a round: symptoms of each path, the table of diagnoses, the checkup."""
