"""What people look at: feedback, the class report, pictures, formats of other tools."""
