//! Downloads of files: cut, resumed and begun anew.

use std::time::Duration;

use bytes::Bytes;
use image_mirror::error::{Class, Classify};
use image_mirror::model::Digest;
use image_mirror::registry::{
    Client, Credentials, Error, FileFault as Fault, Frame, Kind, Options, SearchPaths, Start,
};
use tokio::time::Instant;
use url::Url;

use crate::support::image::random_bytes;
use crate::support::{Asked, FileFault, FileServer, Spy, found, reply, reply_with};

pub(super) const SIZE: usize = 300_000;
pub(super) const FILE: &str = "/pub/disk.raw.gz";

/// A client that does not wait long between attempts.
pub(super) fn client() -> Client {
    client_with(|_| {})
}

pub(super) fn client_with(change: impl FnOnce(&mut Options)) -> Client {
    let mut options = Options { backoff_min: Duration::from_millis(1), ..Options::default() };
    options.backoff_max = Duration::from_millis(4);
    change(&mut options);
    Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap()
}

pub(super) async fn with_file() -> (FileServer, Bytes) {
    let server = FileServer::start().await;
    let content = random_bytes(SIZE, 11);
    server.put(FILE, content.clone());
    (server, content)
}

/// What was downloaded behind the first `start.offset` bytes, or anew; and how often it began anew.
#[derive(Debug)]
struct Download {
    begin: u64,
    content: Vec<u8>,
    anew: u32,
    validator: Option<String>,
    size: Option<u64>,
}

async fn download(client: &Client, url: &Url, start: Start) -> Result<Download, Error> {
    let mut stream = client.download(url, start).await?;
    let begin = stream.offset();
    let (mut content, mut anew) = (Vec::new(), 0);
    while let Some(frame) = stream.next().await? {
        match frame {
            Frame::Bytes(bytes) => content.extend_from_slice(&bytes),
            Frame::Anew => {
                content.clear();
                anew += 1;
            }
        }
    }
    let validator = stream.validator().map(str::to_owned);
    Ok(Download { begin, content, anew, validator, size: stream.size() })
}

async fn whole(server: &FileServer) -> Result<Download, Error> {
    download(&client(), &server.url(FILE), Start::default()).await
}

fn ranges(asked: &[Asked]) -> Vec<Option<&str>> {
    asked.iter().map(|asked| asked.header("range")).collect()
}

#[tokio::test]
async fn a_file_is_downloaded_in_one_request_and_its_bytes_are_counted() {
    let (server, content) = with_file().await;
    let client = client();
    let read = download(&client, &server.url(FILE), Start::default()).await.unwrap();
    assert_eq!((read.content, read.anew, read.size), (content.to_vec(), 0, Some(SIZE as u64)));
    assert_eq!(server.asked().len(), 1);
    assert_eq!(server.asked()[0].header("accept-encoding"), Some("identity"));
    assert_eq!((client.wire().received, client.wire().requests.get), (SIZE as u64, 1));
}

// 14.26
#[tokio::test]
async fn a_cut_download_goes_on_where_it_was_cut() {
    let (server, content) = with_file().await;
    server.fault(FILE, FileFault::Cut(180_000)).fault(FILE, FileFault::Cut(20_000));
    let read = whole(&server).await.unwrap();
    assert_eq!((read.content, read.anew), (content.to_vec(), 0));
    let asked = server.asked();
    assert_eq!(ranges(&asked), [None, Some("bytes=180000-"), Some("bytes=200000-")]);
    assert_eq!(asked[1].header("if-range"), read.validator.as_deref());
    assert_eq!(asked[2].sent, SIZE - 200_000, "what was there was sent again");
}

// 14.26
#[tokio::test]
async fn a_download_of_an_earlier_run_goes_on_behind_what_is_there() {
    let (server, content) = with_file().await;
    let validator = whole(&server).await.unwrap().validator;
    let start = Start { offset: 100_000, validator };
    let read = download(&client(), &server.url(FILE), start).await.unwrap();
    assert_eq!((read.begin, read.content, read.anew), (100_000, content[100_000..].to_vec(), 0));
    assert_eq!(read.size, Some(SIZE as u64), "the size is that of the whole file");
    assert_eq!(server.asked()[1].sent, SIZE - 100_000);
}

// 14.27
#[tokio::test]
async fn a_server_without_ranges_makes_a_download_begin_anew() {
    let (server, content) = with_file().await;
    server.fault(FILE, FileFault::Cut(180_000)).fault(FILE, FileFault::NoRanges);
    let read = whole(&server).await.unwrap();
    assert_eq!((read.content, read.anew), (content.to_vec(), 1));
    assert_eq!(server.asked().len(), 2);

    server.fault(FILE, FileFault::NoRanges);
    let start = Start { offset: 100_000, validator: None };
    let read = download(&client(), &server.url(FILE), start).await.unwrap();
    assert_eq!((read.begin, read.content, read.anew), (0, content.to_vec(), 0), "who asks is told at once");
}

// 14.28
#[tokio::test]
async fn a_range_that_cannot_be_had_is_asked_for_no_more() {
    let (server, content) = with_file().await;
    for fault in [FileFault::OtherRange, FileFault::status(416)] {
        server.fault(FILE, FileFault::Cut(180_000)).fault(FILE, fault);
        let read = whole(&server).await.unwrap();
        assert_eq!((read.content, read.anew), (content.to_vec(), 1));
    }
    let asked = server.asked();
    assert_eq!(ranges(&asked[..3]), [None, Some("bytes=180000-"), None]);
    assert_eq!(asked.len(), 6);
}

// 14.28
#[tokio::test]
async fn a_part_that_is_the_whole_file_already_is_not_downloaded_again_and_one_that_is_longer_is() {
    let (server, content) = with_file().await;
    let start = |offset| Start { offset, validator: None };
    let read = download(&client(), &server.url(FILE), start(SIZE as u64)).await.unwrap();
    assert_eq!((read.begin, read.content.len(), read.size), (SIZE as u64, 0, Some(SIZE as u64)));
    assert_eq!(server.asked().len(), 1, "there was nothing to ask for");
    let read = download(&client(), &server.url(FILE), start(SIZE as u64 + 1)).await.unwrap();
    assert_eq!((read.begin, read.content), (0, content.to_vec()));
}

// 14.29
#[tokio::test]
async fn a_file_that_became_another_one_is_downloaded_from_its_beginning() {
    let (server, _) = with_file().await;
    let other = random_bytes(SIZE, 12);
    server.fault(FILE, FileFault::Cut(180_000));
    let url = server.url(FILE);
    let client = client();
    let mut stream = client.download(&url, Start::default()).await.unwrap();
    let first = stream.next().await.unwrap();
    assert!(matches!(first, Some(Frame::Bytes(_))));
    server.put(FILE, other.clone());
    let (mut content, mut anew) = (Vec::new(), 0);
    while let Some(frame) = stream.next().await.unwrap() {
        match frame {
            Frame::Bytes(bytes) => content.extend_from_slice(&bytes),
            Frame::Anew => {
                content.clear();
                anew += 1;
            }
        }
    }
    assert_eq!((content, anew), (other.to_vec(), 1));
    assert_eq!(server.asked()[1].status, 200, "If-Range was not heeded");

    // One that heeds no If-Range gives itself away by its ETag.
    server.fault(FILE, FileFault::Cut(180_000));
    server.fault(FILE, FileFault::Status(206, vec![("etag", "\"other\"".to_owned()), part_from(180_000)]));
    let read = whole(&server).await.unwrap();
    assert_eq!((read.content, read.anew), (other.to_vec(), 1));
}

fn part_from(offset: usize) -> (&'static str, String) {
    ("content-range", format!("bytes {offset}-{}/{SIZE}", SIZE - 1))
}

// 14.30
#[tokio::test]
async fn what_is_served_with_a_content_encoding_is_taken_as_it_comes() {
    let (server, content) = with_file().await;
    server.always(FILE, FileFault::Header("content-encoding", "gzip".to_owned()));
    let read = whole(&server).await.unwrap();
    assert_eq!(Digest::of(&read.content), Digest::of(&content));
}

// 14.31
#[tokio::test]
async fn redirects_are_followed_ten_times_and_from_the_first_address_on_at_each_try() {
    let (server, content) = with_file().await;
    for hop in 0..9 {
        let to = format!("/hop/{}", hop + 1);
        server.always(&format!("/hop/{hop}"), FileFault::redirect([301, 302, 307, 308][hop % 4], &to));
    }
    server.fault("/hop/9", FileFault::redirect(307, &format!("{}?signature=1", server.url(FILE))));
    server.fault("/hop/9", FileFault::redirect(307, &format!("{}?signature=2", server.url(FILE))));
    server.fault(FILE, FileFault::Cut(180_000));
    let read = download(&client(), &server.url("/hop/0"), Start::default()).await.unwrap();
    assert_eq!((read.content, read.anew), (content.to_vec(), 0));
    let signed: Vec<_> = server.asked().into_iter().filter(|asked| asked.path == FILE).collect();
    assert_eq!(signed.iter().map(|asked| &*asked.query).collect::<Vec<_>>(), ["signature=1", "signature=2"]);

    server.always("/hop/9", FileFault::redirect(302, "/hop/10"));
    server.always("/hop/10", FileFault::redirect(302, FILE));
    let error = download(&client(), &server.url("/hop/0"), Start::default()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Redirects(_)), "{error:?}");
}

// 14.31
#[tokio::test]
async fn a_login_is_shown_to_who_asks_for_it_and_to_no_other_host() {
    let (elsewhere, content) = with_file().await;
    let server = Spy::start().await;
    let to = elsewhere.url(FILE).to_string();
    server.answers(move |seen| {
        if seen.is_authorized() {
            return reply_with(307, "location", &to);
        }
        reply_with(401, "www-authenticate", "Basic realm=\"files\"")
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    let entry = serde_json::json!({"auth": "dXNlcjpwYXNzd29yZA=="});
    let config = serde_json::json!({"auths": {server.host(): entry, elsewhere.host(): entry}});
    std::fs::write(file.path(), config.to_string()).unwrap();
    let paths = SearchPaths { authfile: Some(file.path().to_owned()), ..SearchPaths::default() };
    let login = Credentials::load(&paths, None).unwrap();
    let client = Client::new(Options::default(), login, Credentials::anonymous()).unwrap();

    let url: Url = server.url("/a").parse().unwrap();
    let read = download(&client, &url, Start::default()).await.unwrap();
    assert_eq!(read.content, content);
    let log: Vec<bool> = server.log().into_iter().map(|(_, is_authorized)| is_authorized).collect();
    assert_eq!(log, [false, true]);
    assert_eq!(elsewhere.asked()[0].header("authorization"), None);
}

// 14.32
#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_waited_for() {
    let (server, content) = with_file().await;
    server.fault(FILE, FileFault::Status(503, vec![("retry-after", "1".to_owned())]));
    let begin = Instant::now();
    let read = whole(&server).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!((read.content, server.asked().len()), (content.to_vec(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_download_that_stalls_goes_on_with_another_request() {
    let (server, content) = with_file().await;
    server.fault(FILE, FileFault::Stall(100_000));
    let read = whole(&server).await.unwrap();
    assert_eq!((read.content, read.anew), (content.to_vec(), 0));
    assert_eq!(ranges(&server.asked()), [None, Some("bytes=100000-")]);
}

#[tokio::test]
async fn a_download_that_is_cut_again_and_again_is_given_up_after_so_many_attempts() {
    let (server, _) = with_file().await;
    server.always(FILE, FileFault::Cut(1000));
    let client = client_with(|options| options.attempts = 3);
    let error = download(&client, &server.url(FILE), Start::default()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts(), server.asked().len()), (Class::Transient, 3, 3));
}

#[tokio::test]
async fn a_body_longer_than_it_should_be_is_not_gone_on_with() {
    let (server, content) = with_file().await;
    server.fault(FILE, FileFault::Cut(180_000)).fault(FILE, FileFault::Longer);
    let read = whole(&server).await.unwrap();
    assert_eq!((read.content, read.anew), (content.to_vec(), 1));
    assert_eq!(ranges(&server.asked()), [None, Some("bytes=180000-"), None]);

    server.always(FILE, FileFault::Longer);
    let start = Start { offset: 100_000, validator: None };
    let read = download(&client(), &server.url(FILE), start).await.unwrap();
    assert_eq!(read.content.len(), SIZE + 8, "as long as announced: the digest will tell");
}

// 14.33
#[tokio::test]
async fn a_file_that_is_not_there_is_asked_for_once() {
    let (server, _) = with_file().await;
    let error = download(&client(), &server.url("/pub/other"), Start::default()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Missing, 1));
    assert_eq!(server.asked().len(), 1);
    assert!(error.advice().unwrap().contains("no such file"), "{error:?}");
}

// 14.24, 14.25
#[tokio::test]
async fn wrong_bytes_are_worth_another_download_and_a_page_is_called_one() {
    let (server, content) = with_file().await;
    let (client, url, expected) = (client(), server.url(FILE), Digest::of(&content));
    let attempt = async || {
        let mut stream = client.download(&url, Start::default()).await?;
        let mut content = Vec::new();
        while let Some(Frame::Bytes(bytes)) = stream.next().await? {
            content.extend_from_slice(&bytes);
        }
        let found = Digest::of(&content);
        if found == expected { Ok(()) } else { Err(stream.differs(&expected, found)) }
    };
    server.fault(FILE, FileFault::Flip);
    client.retrying(&attempt).await.unwrap();
    assert_eq!(server.asked().len(), 2);

    server.put_page(FILE);
    let error = client.retrying(&attempt).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Corrupt, 5));
    let said = image_mirror::error::Chain(&error).to_string();
    assert!(said.contains("look like HTML"), "{said}");
}

#[tokio::test]
async fn an_address_with_a_login_is_not_asked() {
    let (server, _) = with_file().await;
    let mut url = server.url(FILE);
    url.set_username("me").unwrap();
    url.set_password(Some("s3cr3t")).unwrap();
    let error = client().download(&url, Start::default()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::File(Fault::Address)), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("s3cr3t"));
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_without_a_length_ends_where_it_ends() {
    let server = Spy::start().await;
    let frames = || futures_util::stream::iter(["a", "b"].map(Ok::<_, std::io::Error>));
    server.answers(move |_| found(axum::body::Body::from_stream(frames())));
    let url: Url = server.url("/x").parse().unwrap();
    let read = download(&client(), &url, Start::default()).await.unwrap();
    assert_eq!((read.content.as_slice(), read.size, read.validator), (b"ab".as_slice(), None, None));
    server.answers(|_| reply(204));
    let error = download(&client(), &url, Start::default()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::File(Fault::Status(204))), "{error:?}");
}
