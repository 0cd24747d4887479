import { createServer, type Server } from 'node:http'
import { alarmPage, type PageManager } from 'nolater/page'

/** A service, with the operators' page of its alarms below /alarms: behind its own login, as all the rest of it. */
export function openService(
  manager: PageManager,
  isOperator: (cookie: string | undefined) => boolean,
): Server {
  const page = alarmPage(manager, {
    path: '/alarms',
    change: true,
    token: false, // the login is this service's
    hosts: ['shop.example'],
  })
  return createServer((request, response) => {
    const isPage = /^\/alarms(?:[/?]|$)/.test(request.url ?? '')
    if (!isPage) response.end('the shop\n')
    else if (isOperator(request.headers.cookie)) page(request, response)
    else response.writeHead(401).end('Log in first.\n')
  })
}
