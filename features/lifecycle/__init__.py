"""A model of uplift from its training to its retirement: file, card, versions, promotions."""
