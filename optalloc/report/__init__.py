"""Everything written for people: the plan's workbook, its page, templates and documents."""
