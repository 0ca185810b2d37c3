"""The URLs of the shop."""

from django.urls import path

from shop.views import origin

urlpatterns = [path("origin", origin)]
