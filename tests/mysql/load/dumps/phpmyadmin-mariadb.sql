-- phpMyAdmin SQL Dump
-- version 5.2.1deb1+deb12u1
-- https://www.phpmyadmin.net/
--
-- Host: 127.0.0.1
-- Generation Time: Nov 26, 2026 at 04:53 AM
-- Server version: 10.11.18-MariaDB-0+deb12u1
-- PHP Version: 8.2.32

SET FOREIGN_KEY_CHECKS=0;
SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";


/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `shop`
--
CREATE DATABASE IF NOT EXISTS `shop` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `shop`;

DELIMITER $$
--
-- Procedures
--
CREATE DEFINER=`root`@`localhost` PROCEDURE `count_them` (OUT `n` INT)  COMMENT 'how; many' BEGIN SELECT COUNT(*) INTO n FROM things; END$$

--
-- Functions
--
CREATE DEFINER=`root`@`localhost` FUNCTION `twice` (`n` INT) RETURNS INT(11) DETERMINISTIC RETURN n * 2$$

DELIMITER ;

-- --------------------------------------------------------

--
-- Table structure for table `log`
--

CREATE TABLE IF NOT EXISTS `log` (
  `text` varchar(80) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- --------------------------------------------------------

--
-- Stand-in structure for view `names`
-- (See below for the actual view)
--
CREATE TABLE IF NOT EXISTS `names` (
`id` int(11)
,`name` varchar(80)
,`semicolon` varchar(1)
);

-- --------------------------------------------------------

--
-- Table structure for table `parts`
--

CREATE TABLE IF NOT EXISTS `parts` (
  `id` int(11) NOT NULL,
  `thing` int(11) DEFAULT NULL,
  `note` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `thing` (`thing`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='it''s; a /* table */';

--
-- Dumping data for table `parts`
--

INSERT INTO `parts` (`id`, `thing`, `note`) VALUES
(1, 1, 'one\ntwo'),
(2, NULL, NULL);

-- --------------------------------------------------------

--
-- Table structure for table `things`
--

CREATE TABLE IF NOT EXISTS `things` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(80) DEFAULT NULL,
  `data` varbinary(20) DEFAULT NULL,
  `doc` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`doc`)),
  `at` timestamp NULL DEFAULT NULL,
  `price` decimal(8,2) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Dumping data for table `things`
--

INSERT INTO `things` (`id`, `name`, `data`, `doc`, `at`, `price`) VALUES
(1, 'tea; it\'s \"hot\"\n\r	\\', 0x00ff275c0a0d1a22, '{\"a\": \"b;\\n\"}', '2026-01-02 03:04:05', 1.50),
(2, 'café 😀 -- #', NULL, NULL, NULL, NULL),
(7, '/*!50003 x */ ;;', '', '[]', NULL, 0.00);

--
-- Triggers `things`
--
DELIMITER $$
CREATE TRIGGER `note_it` BEFORE UPDATE ON `things` FOR EACH ROW BEGIN
   SET NEW.name = 'a */ b; /* c'; 
  
  INSERT INTO log VALUES (CONCAT("it's; ", NEW.name));
END
$$
DELIMITER ;

-- --------------------------------------------------------

--
-- Structure for view `names`
--
DROP TABLE IF EXISTS `names`;

CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `names`  AS SELECT `things`.`id` AS `id`, `things`.`name` AS `name`, ';' AS `semicolon` FROM `things` ;

--
-- Constraints for dumped tables
--

--
-- Constraints for table `parts`
--
ALTER TABLE `parts`
  ADD CONSTRAINT `parts_ibfk_1` FOREIGN KEY (`thing`) REFERENCES `things` (`id`) ON DELETE CASCADE;

DELIMITER $$
--
-- Events
--
CREATE DEFINER=`root`@`localhost` EVENT `tidy` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-02 03:04:05' ON COMPLETION NOT PRESERVE ENABLE DO BEGIN DELETE FROM log; END$$

DELIMITER ;
SET FOREIGN_KEY_CHECKS=1;
COMMIT;

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
