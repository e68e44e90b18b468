"""What the console's pages stand on: who may enter, what a page shows, what a form may hold. Nothing here knows HTTP or HTML."""
