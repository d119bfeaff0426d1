"""The CTranslate2 system's own code; nothing outside its folder imports it."""
