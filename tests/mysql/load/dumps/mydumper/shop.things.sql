/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `things` VALUES
(1,"tea; it\'s \"hot\"\n\r	\\","\0�\'\\\n\r\Z\"",CONVERT("{\"a\": \"b;\\n\"}" USING UTF8MB4),"2026-01-02 03:04:05",1.50),
(2,"café 😀 -- #",NULL,NULL,NULL,NULL),
(7,"/*!50003 x */ ;;","",CONVERT("[]" USING UTF8MB4),NULL,0.00);
