-- Rows every installation needs. Running it twice changes nothing.

INSERT INTO languages (code, name) VALUES
    ('ar', 'العربية'), ('bg', 'Български'), ('ca', 'Català'), ('cs', 'Čeština'), ('cy', 'Cymraeg'),
    ('da', 'Dansk'), ('de', 'Deutsch'), ('el', 'Ελληνικά'), ('en', 'English'), ('eo', 'Esperanto'),
    ('es', 'Español'), ('et', 'Eesti'), ('eu', 'Euskara'), ('fa', 'فارسی'), ('fi', 'Suomi'),
    ('fr', 'Français'), ('ga', 'Gaeilge'), ('gl', 'Galego'), ('he', 'עברית'), ('hi', 'हिन्दी'),
    ('hr', 'Hrvatski'), ('hu', 'Magyar'), ('id', 'Bahasa Indonesia'), ('is', 'Íslenska'), ('it', 'Italiano'),
    ('ja', '日本語'), ('ko', '한국어'), ('lt', 'Lietuvių'), ('lv', 'Latviešu'), ('mt', 'Malti'),
    ('nl', 'Nederlands'), ('no', 'Norsk'), ('oc', 'Occitan'), ('pl', 'Polski'), ('pt', 'Português'),
    ('ro', 'Română'), ('ru', 'Русский'), ('sk', 'Slovenčina'), ('sl', 'Slovenščina'), ('sq', 'Shqip'),
    ('sr', 'Српски'), ('sv', 'Svenska'), ('tr', 'Türkçe'), ('uk', 'Українська'), ('vi', 'Tiếng Việt'),
    ('zh', '中文'),
    ('af', 'Afrikaans'), ('am', 'አማርኛ'), ('an', 'Aragonés'), ('as', 'অসমীয়া'), ('az', 'Azərbaycanca'),
    ('ba', 'Башҡортса'), ('be', 'Беларуская'), ('bn', 'বাংলা'), ('bs', 'Bosanski'), ('cv', 'Чӑвашла'),
    ('gd', 'Gàidhlig'), ('gn', 'Avañe''ẽ'), ('gu', 'ગુજરાતી'), ('ht', 'Kreyòl ayisyen'), ('hy', 'Հայերեն'),
    ('ia', 'Interlingua'), ('io', 'Ido'), ('ka', 'ქართული'), ('kk', 'Қазақша'), ('kl', 'Kalaallisut'),
    ('kn', 'ಕನ್ನಡ'), ('ku', 'Kurdî'), ('ky', 'Кыргызча'), ('la', 'Latina'), ('lb', 'Lëtzebuergesch'),
    ('mi', 'Māori'), ('mk', 'Македонски'), ('ml', 'മലയാളം'), ('mr', 'मराठी'), ('ms', 'Bahasa Melayu'),
    ('my', 'မြန်မာဘာသာ'), ('nb', 'Norsk bokmål'), ('ne', 'नेपाली'), ('om', 'Oromoo'), ('or', 'ଓଡ଼ିଆ'),
    ('pa', 'ਪੰਜਾਬੀ'), ('qu', 'Runa Simi'), ('sd', 'سنڌي'), ('si', 'සිංහල'), ('sw', 'Kiswahili'),
    ('ta', 'தமிழ்'), ('te', 'తెలుగు'), ('th', 'ไทย'), ('tk', 'Türkmençe'), ('tn', 'Setswana'),
    ('tt', 'Татарча'), ('ug', 'ئۇيغۇرچە'), ('ur', 'اردو'), ('uz', 'Oʻzbekcha')
ON CONFLICT (code) DO NOTHING;

INSERT INTO file_formats (code, mime_type, demuxers) VALUES
    ('mp4', 'video/mp4', '{mov}'), ('m4v', 'video/x-m4v', '{mov}'), ('mov', 'video/quicktime', '{mov}'),
    ('3gp', 'video/3gpp', '{mov}'), ('ogv', 'video/ogg', '{ogg}'), ('wmv', 'video/x-ms-wmv', '{asf}'),
    ('avi', 'video/x-msvideo', '{avi}'), ('mpg', 'video/mpeg', '{mpeg,mpegts,mpegvideo}'),
    ('flv', 'video/x-flv', '{flv}'), ('webm', 'video/webm', '{matroska}'), ('mkv', 'video/x-matroska', '{matroska}'),
    ('wav', 'audio/wav', '{wav}'), ('mp2', 'audio/mpeg', '{mp3}'), ('mp3', 'audio/mpeg', '{mp3}'),
    ('oga', 'audio/ogg', '{ogg}'), ('ogg', 'audio/ogg', '{ogg}'), ('flac', 'audio/flac', '{flac}'),
    ('aac', 'audio/aac', '{aac}'), ('ape', 'audio/x-ape', '{ape}'), ('wma', 'audio/x-ms-wma', '{asf}'),
    ('m4a', 'audio/mp4', '{mov}'), ('opus', 'audio/ogg', '{ogg}'),
    ('txt', 'text/plain', '{}'), ('html', 'text/html', '{}'), ('pdf', 'application/pdf', '{}'),
    ('doc', 'application/msword', '{}'),
    ('docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', '{}'),
    ('ppt', 'application/vnd.ms-powerpoint', '{}'),
    ('pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation', '{}'),
    ('xls', 'application/vnd.ms-excel', '{}'),
    ('xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', '{}'),
    ('odt', 'application/vnd.oasis.opendocument.text', '{}'), ('rtf', 'application/rtf', '{}'),
    ('dfxp', 'application/ttml+xml', '{}'), ('srt', 'application/x-subrip', '{}'), ('trs', 'application/xml', '{}'),
    ('vtt', 'text/vtt', '{}'), ('dtlx', 'application/xml', '{}'),
    ('jpg', 'image/jpeg', '{image2,jpeg_pipe}'), ('png', 'image/png', '{image2,png_pipe}'),
    ('pcm', 'application/octet-stream', '{}'), ('zip', 'application/zip', '{zip}')
ON CONFLICT (code) DO UPDATE SET mime_type = excluded.mime_type, demuxers = excluded.demuxers;
