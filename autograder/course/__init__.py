"""A class: a course directory, its submissions, who grades them, what is kept."""
