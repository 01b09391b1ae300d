"""Actions of plans, by what they are done to; those that most plans have are beside the plan, in `plan`."""
