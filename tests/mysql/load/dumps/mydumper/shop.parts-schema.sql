/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `parts` (
  `id` int NOT NULL,
  `thing` int DEFAULT NULL,
  `note` text,
  PRIMARY KEY (`id`),
  KEY `thing` (`thing`),
  CONSTRAINT `parts_ibfk_1` FOREIGN KEY (`thing`) REFERENCES `things` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='it''s; a /* table */';
