package web

// customerRoutes are those of customers, who have a link and nothing else, and of
// dispatch about links and wishes.
func (s *Server) customerRoutes() []route {
	return []route{
		{pattern: "GET /t/{token}", handler: s.showDeliveryPage, page: true},
		{pattern: "GET /t/{token}/live", handler: s.watchCustomer},
		{pattern: "GET /t/{token}/basemap", handler: s.showCustomerTown, page: true},
		{pattern: "POST /t/{token}/wish", handler: s.makeWish, page: true, body: maxWishForm},

		{pattern: "POST /api/v1/deliveries/{id}/link", role: dispatcher, handler: s.renewLink, keeps: true},
		{pattern: "GET /api/v1/deliveries/{id}/link", role: dispatcher, handler: s.showLink},
		{pattern: "GET /api/v1/deliveries/{id}/wishes", role: dispatcher, handler: s.listWishes},
		{pattern: "POST /api/v1/deliveries/{id}/wishes/{wish}/accept", role: dispatcher, handler: s.acceptWish},
		{pattern: "POST /api/v1/deliveries/{id}/wishes/{wish}/decline", role: dispatcher, handler: s.declineWish},
	}
}
