/* SPDX-License-Identifier: MIT */
#include "client/pki/revocation_places.h"
#include "client/pki/revocation_lab.hpp"

TEST_GROUP(revocation_places)
{
	revocation_lab lab;
	struct revocation_places places;

	void setup() override { lab.open(); }
	void read(const std::string &extensions)
	{
		lab.write("e", extensions);
		lab.make_leaf("x", "e", "");
		lab.ask_about("x", "ca");
		revocation_places_read(&lab.cert, &places);
	}
};

TEST(revocation_places, AreTheDistributionPointsAndNotLdap)
{
	revocation_places_read(&lab.cert, &places);
	LONGS_EQUAL(1, places.count);
	STRCMP_EQUAL("http://crl.example/a.crl", places.urls[0]);
	CHECK_FALSE(places.is_ocsp);
	read("crlDistributionPoints=URI:HTTPS://a/1,URI:http://b/2\n");
	LONGS_EQUAL(2, places.count);
	STRCMP_EQUAL("HTTPS://a/1", places.urls[0]);
	STRCMP_EQUAL("http://b/2", places.urls[1]);
}

TEST(revocation_places, AreAtMostFour)
{
	read("crlDistributionPoints=URI:http://a/1,URI:http://a/2,URI:http://a/3,URI:http://a/4,URI:http://a/5\n");
	LONGS_EQUAL(4, places.count);
	STRCMP_EQUAL("http://a/4", places.urls[3]);
}

TEST(revocation_places, AreTheRespondersOnlyWhereNoListIsNamed)
{
	read("authorityInfoAccess=caIssuers;URI:http://ca/,OCSP;URI:http://o/1,OCSP;URI:ldap://o/,OCSP;URI:http://o/2\n");
	CHECK_TRUE(places.is_ocsp);
	LONGS_EQUAL(2, places.count);
	STRCMP_EQUAL("http://o/1", places.urls[0]);
	STRCMP_EQUAL("http://o/2", places.urls[1]);
	read("crlDistributionPoints=URI:ldap://x/y\nauthorityInfoAccess=OCSP;URI:http://o/1\n");
	CHECK_TRUE(places.is_ocsp);
	LONGS_EQUAL(1, places.count);
	read("basicConstraints=CA:FALSE\n");
	LONGS_EQUAL(0, places.count);
}

TEST(revocation_places, PointsForSomeReasonsOrOfAnotherIssuerAreLeftOut)
{
	static const char more[] = "[p]\nfullname=URI:http://a/1\nreasons=keyCompromise\n"
				   "[q]\nfullname=URI:http://a/2\nCRLissuer=dirName:n\n[n]\nCN=x\n[r]\nfullname=URI:http://a/3\n";
	read(std::string("crlDistributionPoints=p,q,r\n") + more);
	LONGS_EQUAL(1, places.count);
	STRCMP_EQUAL("http://a/3", places.urls[0]);
}

TEST(revocation_places, WhatIsNoPlainAddressIsLeftOut)
{
	std::string size_fits = "http://a/" + std::string(REVOCATION_URL_MAX - 1 - 9, 'x');
	read("crlDistributionPoints=URI:http://a b/,URI:" + size_fits + ",URI:" + size_fits + "y,URI:http://,URI:httpx://a\n");
	LONGS_EQUAL(1, places.count);
	STRCMP_EQUAL(size_fits.c_str(), places.urls[0]);
	lab.cert.crl_points.len--; // does not parse
	revocation_places_read(&lab.cert, &places);
	LONGS_EQUAL(0, places.count);
}
