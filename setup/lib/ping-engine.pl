# ping-engine.pl ADDRESS: prints the version of the engine at "unix:///path" or "tcp://host:port";
# exits with 1, and the reason on standard error, if none answers. In Perl because that is on
# every Debian, where curl and the docker command may not be.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

my $address = shift // '';
my $socket;
if ($address =~ m{^unix://(/.*)$}) {
    $socket = IO::Socket::UNIX->new(Peer => $1);
} elsif ($address =~ m{^tcp://([^/]+)}) {
    $socket = IO::Socket::INET->new(PeerAddr => $1, Timeout => 10);
} else {
    print STDERR "not a unix:// or tcp:// address\n";
    exit 1;
}
if (!$socket) {
    print STDERR ($! || $@) . "\n";
    exit 1;
}
local $SIG{ALRM} = sub { print STDERR "no answer within 10 s\n"; exit 1 };
alarm 10;
print $socket "GET /version HTTP/1.0\r\nHost: engine\r\n\r\n";
$socket->flush;
my $answer = do { local $/; <$socket> } // '';
if ($answer =~ m{^HTTP/1\.\d 200} && $answer =~ m{"Version":\s*"([^"]+)"}) {
    print "$1\n";
    exit 0;
}
print STDERR "it does not answer like an engine\n";
exit 1;
